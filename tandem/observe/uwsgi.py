"""What uWSGI says of its own workers at its stats socket: how many it replaced, and how many because a request took too long.

The kernel is asked for processes at two moments (`meter.py`) and misses one that begins and ends in between; this count is exact.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SECONDS = 1.0
"""A master that says nothing for so long is not waited for."""


class Replacements(NamedTuple):
    """Since its start, over all its workers."""

    replaced: int  # workers that took the place of one that had ended, for whatever reason
    harakiri: int  # workers that it ended because a request took longer than its setting `harakiri` allows

    def since(self, before: Replacements) -> Replacements:
        """Return what was added to an earlier count."""
        return Replacements(*(now - then for now, then in zip(self, before, strict=True)))


def read(places: Sequence[Path]) -> Replacements | None:
    """Ask the servers whose stats sockets these are; None where there is none, or one doesn't say."""
    try:
        workers = [worker for place in places for worker in json.loads(_said(place))["workers"]]
        # Each worker's first start is counted, too; one that has not started yet has 0.
        replaced = sum(max(0, worker["respawn_count"] - 1) for worker in workers)
        return Replacements(replaced, sum(worker["harakiri_count"] for worker in workers)) if places else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _said(place: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        client.connect(str(place))
        return b"".join(iter(lambda: client.recv(65536), b""))


def between(before: Replacements | None, after: Replacements | None) -> Replacements | None:
    """Return what happened between two counts; None where either is not known."""
    return after.since(before) if before and after else None
