"""Changes: two runs beside each other, as a table and in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tandem import formats
from tandem.judge.change import Change, Other
from tandem.judge.metrics import METRICS
from tandem.judge.verdict import Ratio
from tandem.report import wording
from tandem.report.tables import Cell, Table
from tandem.rules import BETWEEN_RUNS


def table(found: Iterable[Change]) -> Table:
    """Return the ratios of both runs and what lies between them, a row each."""
    columns = ["comparison", "earlier", "verdict", "later", "verdict", "later against earlier", "found"]
    return Table(
        name="changes", caption="What became of each ratio", columns=columns, rows=[_row(each) for each in found]
    )


def _row(change: Change) -> list[Cell]:
    why = f" ({change.why})" if change.why else ""
    return [
        Cell(text=_title(change.earlier), value=_title(change.earlier)),
        *_ratio(change.earlier),
        *_ratio(change.later),
        Cell(text=_shift(change), value=change.shift),
        Cell(text=change.found + why, value=change.found),
    ]


def _ratio(ratio: Ratio) -> list[Cell]:
    shown = f"{wording.effect(METRICS[ratio.metric], ratio.estimate)}, {wording.levelled(ratio)}"
    return [Cell(text=shown, value=ratio.estimate), Cell(text=ratio.verdict, value=ratio.verdict)]


def _title(ratio: Ratio) -> str:
    metric = METRICS[ratio.metric]
    sign = "÷" if metric.compared == "ratio" else "−"
    return f"{metric.title} of {ratio.scenario}: {ratio.stack} {sign} {ratio.baseline}"


def _shift(change: Change) -> str:
    metric = METRICS[change.earlier.metric]
    if change.interval is None:
        return wording.effect(metric, change.shift)
    low, high, level = change.interval.low, change.interval.high, formats.confidence(change.interval.level)
    ratio = metric.compared == "ratio"
    bounds = formats.bounds(low, high) if ratio else f"{formats.signed(low)} to {formats.signed(high)}"
    return f"{wording.effect(metric, change.shift)}, {bounds} ({level})"


def sentences(found: list[Change], differing: list[Other]) -> Iterator[str]:
    """Say what to take home: how many ratios changed and which, whether a verdict is another one, and what else differs."""
    judged = [each for each in found if each.found != "not judged"]
    changed = [each for each in judged if each.found == "changed"]
    if not judged:
        yield "Nothing can be concluded: " + (
            formats.listed(sorted({each.why for each in found})) if found else "the runs have no ratio in common"
        ) + "."  # fmt: skip
    elif not changed:
        yield (
            f"No change seen in {formats.count(len(judged), 'headline ratio')}. Two runs of the same code differ by up to "
            f"{formats.percent(BETWEEN_RUNS)}: less is not called a change."
        )
    for each in changed:
        yield f"{_title(each.earlier)} changed: {_shift(each)}."
    for each in judged:
        if each.earlier.verdict != each.later.verdict:
            yield f"{_title(each.earlier)}: {each.earlier.verdict}, now {each.later.verdict}."
    if differing:
        yield "What else differs:"
        yield from (f"  {each.what}: {each.earlier}, then {each.later}" for each in differing)
