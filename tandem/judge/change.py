"""Change: what became of the ratios of one run in another. Ratios travel further than absolute values: nothing else is compared.

Both runs measured each ratio in rounds of their own. What lies between them is the shift of the later rounds' logarithms against
the earlier ones', with the exact interval of the rank-sum test, which assumes nothing of their scatter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import msgspec

from tandem import statistics
from tandem.judge import configuration
from tandem.judge.metrics import METRICS, Metric
from tandem.judge.summary import Summary
from tandem.judge.verdict import Interval, Ratio
from tandem.records.setup import Load, Provenance, Run
from tandem.rules import BETWEEN_RUNS

Found = Literal["changed", "no change seen", "not judged"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One ratio in both runs, and what lies between them: the later ratio ÷ the earlier, or a difference of differences."""

    earlier: Ratio
    later: Ratio
    shift: float | None  # None where one of them has no rounds
    interval: Interval | None  # None where the rounds are too few
    found: Found
    why: str  # it is not judged


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was not the same in both runs."""

    what: str
    earlier: str
    later: str


def changes(earlier: Summary, later: Summary) -> list[Change]:
    """Return the ratios that both runs have, headlines of both judged; the chance of any false change is at most 5 %."""
    mine = {_key(ratio): ratio for ratio in _of_stacks(earlier)}
    both = [(mine[_key(ratio)], ratio) for ratio in _of_stacks(later) if _key(ratio) in mine]
    judged = sum(_headline(*pair) for pair in both)
    error = statistics.share_of_error(judged)
    return [_change(*pair, error, _why_not(earlier, later, *pair)) for pair in both]


def _of_stacks(summary: Summary) -> list[Ratio]:
    """Return the ratios of all that is not a decoy."""
    decoys = {stack.name for stack in summary.run.stacks if stack.decoy_of}
    return [ratio for ratio in summary.comparisons if ratio.stack not in decoys]


def _key(ratio: Ratio) -> tuple[str, str, str, str]:
    return ratio.scenario, ratio.metric, ratio.stack, ratio.baseline


def _headline(earlier: Ratio, later: Ratio) -> bool:
    return earlier.kind == later.kind == "headline"


def _why_not(earlier: Summary, later: Summary, first: Ratio, second: Ratio) -> str:
    """Return why nothing is concluded, or nothing."""
    if not _headline(first, second):
        return "exploratory"
    for which, summary in (("earlier", earlier), ("later", later)):
        if summary.shown != "valid" or (summary.rounds_valid and not summary.trusted):
            return f"the {which} run earned no verdicts"
    loads = [next(load for load in each.run.loads if load.scenario == first.scenario) for each in (earlier, later)]
    return "" if _drive(loads[0]) == _drive(loads[1]) else "driven otherwise"


def _drive(load: Load) -> tuple[object, ...]:
    """Return what the harm or the cost of a load depends on; how long it is measured only narrows the interval."""
    asked = load.blocking
    blockers = asked and (asked.kind, asked.milliseconds, asked.rate, asked.arrivals)
    return load.arrivals, load.rate, load.in_flight, load.news_seconds, blockers


def _change(earlier: Ratio, later: Ratio, error: float, why: str) -> Change:
    metric = METRICS[earlier.metric].within(max(earlier.delta, later.delta))
    before, after = ([metric.scale(value) for value in ratio.ratios] for ratio in (earlier, later))
    shift = statistics.shift(before, after) if before and after else None
    bounds = statistics.shift_interval(before, after, error)
    if bounds is None and not why:
        why = "too few rounds"
    return Change(
        earlier=earlier,
        later=later,
        shift=None if shift is None else metric.restore(shift),
        interval=bounds and Interval(level=1 - error, low=metric.restore(bounds[0]), high=metric.restore(bounds[1])),
        found=_found(metric, shift, bounds) if not why else "not judged",
        why=why,
    )


def _found(metric: Metric, shift: float | None, bounds: tuple[float, float] | None) -> Found:
    """A change is clear of chance, and beyond what matters and what two runs of the same code differ by."""
    least = max(metric.band, math.log1p(BETWEEN_RUNS) if metric.compared == "ratio" else 0.0)
    clear = bounds is not None and (bounds[0] > 0 or bounds[1] < 0)
    return "changed" if clear and shift is not None and abs(shift) > least else "no change seen"


def others(earlier: Run, later: Run) -> list[Other]:
    """Return in what the runs differ besides the ratios: machine, versions, settings, loads, stacks."""
    return [
        Other(what=what, earlier=first, later=second)
        for what, first, second in _pairs(earlier, later)
        if first != second
    ]


def _pairs(earlier: Run, later: Run) -> Iterator[tuple[str, str, str]]:
    before, after = (_where(run.provenance) for run in (earlier, later))
    for what in {**before, **after}:
        yield what, before.get(what, "none"), after.get(what, "none")
    yield "seeded users", f"{earlier.seeded_users:,}", f"{later.seeded_users:,}"
    loads = [{load.scenario: load for load in run.loads} for run in (earlier, later)]
    for name in loads[0].keys() & loads[1].keys():
        yield name, _driven(loads[0][name]), _driven(loads[1][name])
    stacks = [{stack.name: configuration.settings(stack) for stack in run.stacks if not stack.decoy_of}
              for run in (earlier, later)]  # fmt: skip
    for name in sorted(stacks[0].keys() & stacks[1].keys()):
        mine, theirs = (each[name] for each in stacks)
        for setting in sorted({*mine, *theirs}):
            yield f"{name}, {setting}", mine.get(setting, "none"), theirs.get(setting, "none")


def _where(found: Provenance) -> dict[str, str]:
    """Return the machine, and the versions of all that ran on it."""
    return {
        "commit": found.commit or "none",
        "CPU": f"{len(found.cpus)} × {found.cpu_model}",
        "kernel": found.kernel,
        "Python": found.python,
        "nginx": found.nginx,
        "database": found.database(),
        **found.packages,
    }


def _driven(load: Load) -> str:
    how = f"{load.in_flight} in flight" if load.saturates else f"{load.rate:g}/s"
    if load.blocking:
        how += f", {load.blocking.kind} of {load.blocking.milliseconds:g} ms at {load.blocking.rate:g}/s"
        how += " at random" if load.blocking.arrivals == "poisson" else ""
    return how
