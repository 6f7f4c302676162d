"""Sequences that once told the apps apart: kept as files, and asked again by the tests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

FOLDER = Path(__file__).with_name("kept")


def keep(sequence: list[bytes], folder: Path = FOLDER) -> Path:
    """Write a sequence to a file of its own and return it."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{hashlib.blake2b(b''.join(sequence), digest_size=6).hexdigest()}.json"
    path.write_text(json.dumps([each.decode("latin-1") for each in sequence], indent=1) + "\n")
    return path


def load(folder: Path = FOLDER) -> dict[str, list[bytes]]:
    """Return all kept sequences by the name of their file."""
    files = sorted(folder.glob("*.json"))
    return {file.stem: [each.encode("latin-1") for each in json.loads(file.read_text())] for file in files}
