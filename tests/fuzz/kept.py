"""Sequences that once told the apps apart: kept as files, with placeholders, and asked again by the tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.step import Step

FOLDER = Path(__file__).with_name("kept")


def keep(sequence: Sequence[Step], folder: Path = FOLDER) -> Path:
    """Write a sequence to a file of its own and return it."""
    folder.mkdir(exist_ok=True)
    requests = [step.request for step in sequence]
    path = folder / f"{hashlib.blake2b(b''.join(requests), digest_size=6).hexdigest()}.json"
    path.write_text(json.dumps([each.decode("latin-1") for each in requests], indent=1) + "\n")
    return path


def load(folder: Path = FOLDER) -> dict[str, list[Step]]:
    """Return all kept sequences by the name of their file."""
    files = sorted(folder.glob("*.json"))
    return {
        file.stem: [Step("kept", each.encode("latin-1")) for each in json.loads(file.read_text())] for file in files
    }
