"""Where records go: into a file of JSON lines that has an end, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from .record import Stall


class Sink:
    """Appends to a file, which several processes may share: at most `rows` of this process, and `size` bytes in all.

    `counted` is called with the kind and the seconds of each stall that is over, written or not: for metrics, say.
    """

    def __init__(
        self,
        file: str | Path,
        rows: int = 10_000,
        size: int = 8 << 20,
        counted: Callable[[str, float], object] | None = None,
    ) -> None:
        self._file, self._rows, self._size, self._counted = Path(file).absolute(), rows, size, counted
        self._descriptor: int | None = None
        self._pid = 0
        self.written = 0

    def __call__(self, stall: Stall) -> None:
        """Write a row, if there is room. Raises OSError."""
        if self._counted is not None and stall.over:
            self._counted(stall.kind, stall.seconds)
        if self._room():
            self._write(stall.dump())
            self.written += 1

    def close(self, stalls: Mapping[str, int], seconds: Mapping[str, float]) -> None:
        """Write how many stalls there were in all, in one row, and close the file; nothing where there was none."""
        if not stalls or self._pid != os.getpid():
            return
        counts = {kind: {"stalls": stalls[kind], "seconds": round(seconds[kind], 6)} for kind in sorted(stalls)}
        with contextlib.suppress(OSError):
            self._write(json.dumps({"type": "counts", "pid": self._pid, "written": self.written, "kinds": counts}))
            if self._descriptor is not None:
                os.close(self._descriptor)
        self._descriptor = None

    def _room(self) -> bool:
        if self._pid != os.getpid():
            self._pid, self._descriptor, self.written = os.getpid(), None, 0
        if self._descriptor is None:
            self._descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        return self.written < self._rows and os.fstat(self._descriptor).st_size < self._size

    def _write(self, line: str) -> None:
        """Append a line in one call, so that lines of several processes do not mix."""
        if self._descriptor is not None:
            os.write(self._descriptor, f"{line}\n".encode())
