"""Raw samples on disk, as a generator leaves them."""

from __future__ import annotations

from pathlib import Path

from openloop import format
from openloop.format import Samples


def write(path: Path, samples: Samples) -> None:
    """Write samples to a file, in a folder that is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    format.write(path, zip(*samples.columns(), strict=True))
