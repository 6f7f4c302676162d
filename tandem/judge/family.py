"""Family: the ratios of a run that are judged and share its chance of error."""

from __future__ import annotations

from tandem.records.setup import Run, Stack


def challengers(run: Run) -> list[Stack]:
    """Return the stacks that are judged: neither the baseline nor a decoy."""
    return [stack for stack in run.stacks if stack.name != run.baseline and stack.decoy_of is None]


def family(run: Run) -> int:
    """Return m, the number of ratios that get a verdict: headlines times challengers."""
    return len(run.headlines) * len(challengers(run))
