"""Cells: how each kind of value stands in a table, as text and as the number behind it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tandem import formats
from tandem.judge.floor import Floor
from tandem.judge.measures import Pooled
from tandem.judge.metrics import METRICS
from tandem.judge.verdict import Ratio, Verdict
from tandem.report import reasons, wording
from tandem.report.tables import Cell, Raw
from tandem.report.wording import Percentile

VERDICT_CLASSES: dict[Verdict | Literal["exploratory"], str] = {
    "better": "better", "worse": "worse", "no practical difference": "same", "undecided": "undecided", "not judged": "none",
    "exploratory": "none",
}  # fmt: skip
"""The CSS class of each verdict."""


def plain(value: str | int) -> Cell:
    """Return a text, or a number of things."""
    return Cell(text=f"{value:,}" if isinstance(value, int) else value, value=value)


def strong(cell: Cell) -> Cell:
    """Return a cell that stands out."""
    return msgspec.structs.replace(cell, kind="strong")


def small(text: str, value: Raw, unit: str = "") -> Cell:
    """Return what stands small below another cell."""
    return Cell(text=text, value=value, unit=unit, kind="small")


def milliseconds(value: float | None) -> Cell:
    """Return a time."""
    return Cell(text=formats.milliseconds(value), value=value, unit="ms")


def percentile(pooled: Pooled, name: Percentile) -> Cell:
    """Return a percentile of pooled samples."""
    return Cell(text=wording.pooled_percentile(pooled, name), value=wording.known(pooled, name), unit="ms")


def per_second(value: float | None) -> Cell:
    """Return a rate."""
    return Cell(text=formats.per_second(value), value=value, unit="1/s")


def mebibytes(value: float | None) -> Cell:
    """Return an amount of memory."""
    return Cell(text=formats.mebibytes(value), value=value, unit="bytes")


def share(value: float | None) -> Cell:
    """Return a share of a whole; as a number from 0 to 1."""
    return Cell(text=formats.percent(value), value=value)


def effect(c: Ratio, value: float | None) -> Cell:
    """Return a ratio, or a difference with its unit."""
    return Cell(text=wording.effect(METRICS[c.metric], value), value=value)


def interval(c: Ratio, levelled: bool = False) -> Cell:
    """Return the interval that decided, with its ends and its confidence."""
    found, text = c.decided_by, wording.levelled(c) if levelled else wording.interval(c)
    if found is None:
        return Cell(text=text, value=None)
    return Cell(text=text, value=text, hidden={"low": found.low, "high": found.high, "confidence": found.level})


def with_interval(c: Ratio) -> Cell:
    """Return a ratio or a difference, and beside it the interval that decided."""
    beside = interval(c, levelled=True)
    small = Cell(text=beside.text, value=beside.value, kind="small inline", hidden=beside.hidden)
    return Cell(text=wording.effect(METRICS[c.metric], c.estimate), value=c.estimate, below={"interval": small})


def floor(c: Ratio, found: Floor) -> Cell:
    """Return what of a percentile is nginx and generator."""
    hidden = {"share": found.share, "apps alone": found.apps_alone}
    return Cell(text=wording.floor(c), value=found.ms, unit="ms", kind="small", hidden=hidden)


def verdict(c: Ratio) -> Cell:
    """Return the verdict, in its colour, with its reason."""
    exploratory = c.kind == "exploratory" and c.reason is not None and c.reason.code == "exploratory"
    return Cell(
        text="exploratory" if exploratory else c.verdict,
        value=c.verdict,
        kind=f"chip {VERDICT_CLASSES[c.verdict]}",
        why=reasons.text(c.reason),
    )
