"""Backlog: samples the accept queues of a stack's servers from outside, while a block runs.

A server that takes one request at a time leaves connections in its listening socket, where neither it nor nginx's time to
connect shows them: the kernel accepts in its place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from stalls.backlog import accept_queues
from tandem.records.backlog import Sample, Unread

SAMPLE_SECONDS = 0.05
"""Seconds between two samples."""


class Sampler:
    """Adds to a file, in a thread of its own and until it is left, how many wait in all sockets that listen on these ports."""

    def __init__(self, ports: Sequence[int], file: Path) -> None:
        self._ports, self._file = set(ports), file
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backlog", daemon=True)

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._left.set()
        self._thread.join()

    def _run(self) -> None:
        with self._file.open("ab") as opened:
            planned = time.monotonic()
            while True:  # once at least, however soon it is left
                seen = look(self._ports)
                opened.write(msgspec.json.encode(seen) + b"\n")
                planned = max(planned + SAMPLE_SECONDS, time.monotonic())  # what is missed is not made up for
                if isinstance(seen, Unread) or self._left.wait(planned - time.monotonic()):
                    return


def look(ports: set[int]) -> Sample | Unread:
    """Look once."""
    if not ports:
        return Unread(why="its servers listen on Unix sockets, whose queues the kernel tells nobody of")
    try:
        found = accept_queues(ports)
    except OSError as error:
        return Unread(why=f"the kernel can't be asked for its sockets: {error.strerror}")
    if not found:
        return Unread(why="the kernel knows nobody who listens there")
    return Sample(at=time.time(), waiting=sum(found.values()))
