"""Ending: whatever becomes of a measurement, its records say how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tandem.observe.provenance import now
from tandem.records import run_folder
from tandem.records.journal import End


@contextmanager
def ending(folder: Path, keep: Callable[[End], None], done: str) -> Iterator[None]:
    """Measure within the block; its records end with `done`, or with the reason that broke it off if the disk allows."""
    run_folder.point_latest(folder)  # from here on there is something to report, whatever happens
    try:
        with run_folder.keeping(folder):
            yield
            keep(End(date=now(), complete=True, reason=done))
    except BaseException as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        with suppress(OSError):
            keep(End(date=now(), complete=False, reason=reason))
        raise
