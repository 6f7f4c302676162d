"""Files of a kernel that the doctor's tests make up."""

from __future__ import annotations

from pathlib import Path


def put(file: Path, text: str) -> None:
    """Write a file, in a folder that is made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
