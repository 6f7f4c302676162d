"""The keys that sign sessions: given as text, or kept in a file that is made at an app's first start and is its owner's alone."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

SHORTEST = 32
"""Characters of a key, at least."""


class KeysError(ValueError):
    """There are no keys that could be used; the message says what to do."""


def parse(text: str) -> tuple[str, ...]:
    """The keys in a text, which commas or line ends separate: the first signs, all are believed. Raises KeysError."""
    found = tuple(key for line in text.split("\n") for key in (part.strip() for part in line.split(",")) if key)
    if not found or any(len(key) < SHORTEST for key in found):
        raise KeysError(f"needs one or more keys of at least {SHORTEST} characters, the newest first")
    return found


def load_or_create(file: Path) -> tuple[str, ...]:
    """The keys of a file, which is made if there is none. Raises KeysError, OSError."""
    if not file.exists():
        _make(file)
    if file.stat().st_mode & 0o077:
        raise KeysError(
            f"{file} can be read by others than its owner: chmod 600 it, and put a new key on its first line"
        )
    try:
        return parse(file.read_text())
    except KeysError as error:
        raise KeysError(f"{file} {error}") from None


def _make(file: Path) -> None:
    """Several processes start at once: each writes a file of its own, and the first to give it its name decides."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # readable by the owner only
    try:
        with os.fdopen(descriptor, "w") as made:
            made.write(secrets.token_urlsafe(32) + "\n")
            made.flush()
            os.fsync(made.fileno())
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        os.unlink(name)
