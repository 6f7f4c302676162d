"""What both middlewares take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .record import Stall
from .sink import Sink

THRESHOLD = 0.05
"""Seconds; what is held for less is no stall."""

Into = str | Path | Sink | Callable[[Stall], object]
"""A file, a Sink with limits of one's own, or what is called with each stall, in a thread of its own."""


def sink_of(into: Into) -> Sink | Callable[[Stall], object]:
    """Where records go. Raises TypeError."""
    if isinstance(into, str | Path):
        return Sink(into)
    if callable(into):
        return into
    raise TypeError(f"into= must be a file or be callable, not {into!r}")
