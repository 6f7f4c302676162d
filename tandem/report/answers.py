"""Answers: the first screen. How much each stack can take, what a request costs, and what happens to everyone else when something
blocks, each with its numbers and its verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from tandem import formats
from tandem.judge import control
from tandem.judge.bound import Bound
from tandem.judge.fairness import Starved
from tandem.judge.measures import Measures
from tandem.judge.metrics import CPU, LATE, MEMORY, METRICS, THROUGHPUT, Metric
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.records.setup import Blocking, Load
from tandem.report import reasons, wording
from tandem.rules import LATE_MS


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question and what this run says about it."""

    question: str
    lines: list[str]


def answers(summary: Summary) -> list[Question]:
    """Return the questions that this run answers, none that it does not."""
    found = [
        Question(question="How much can each take?", lines=_throughput(summary)),
        Question(question="What does a request cost?", lines=_cost(summary)),
        Question(question="What happens to everyone else when something blocks?", lines=_blocking(summary)),
    ]
    return [answer for answer in found if answer.lines]


def _throughput(summary: Summary) -> list[str]:
    lines = [
        f"{load.clients}: {_values(summary, load, THROUGHPUT)}. {_verdicts(found)}"
        for load in summary.run.loads
        if (found := _compared(summary, load, THROUGHPUT))
    ]
    return lines + [starved(each) for each in summary.starved]


def _cost(summary: Summary) -> list[str]:
    """CPU where it is a headline, else wherever it was measured; memory once, under the last load."""
    own = [load for load in summary.run.loads if not (load.blocking and load.blocking.control)]
    loads = [load for load in own if not load.blocking] or own
    everything = [(load, found) for load in loads if (found := _compared(summary, load, CPU))]
    judged = [
        (load, headlines) for load, found in everything if (headlines := [c for c in found if c.kind == "headline"])
    ]
    lines = [
        f"CPU, {load.scenario}: {_values(summary, load, CPU)}. {_verdicts(found)}"
        for load, found in judged or everything
    ]
    last = loads[-1]
    if found := _compared(summary, last, MEMORY):
        lines.append(f"Memory, {last.scenario}: {_values(summary, last, MEMORY)}. {_verdicts(found)}")
    return lines


def _blocking(summary: Summary) -> list[str]:
    """A sentence for each load that blocks, with what arithmetic expects, what became of the blockers, and the verdicts."""
    lines, controls = [], control.controls(summary.run.loads)
    for load in summary.run.loads:
        measures = {m.stack: m for m in summary.measures if m.scenario == load.scenario and m.harm}
        beside = {m.stack: m for m in summary.measures if m.scenario == controls.get(load.scenario)}
        names = [stack.name for stack in summary.run.stacks if stack.name in measures and not stack.decoy_of]
        if load.blocking and names and summary.rounds_valid:
            each = formats.listed(_all_harmed([(measures[name], beside.get(name)) for name in names]))
            verdicts = _verdicts(_compared(summary, load, LATE))
            lines.append(f"{_blocks(load, load.blocking)} {each}" + (f". {verdicts}" if verdicts else ""))
    return lines


def _blocks(load: Load, blocking: Blocking) -> str:
    meanwhile = load.rate * blocking.milliseconds / 1000
    what = "an outside process burns CPU" if blocking.control else "a request blocks"
    return (
        f"While {what} for {blocking.milliseconds:g} ms ({blocking.kind}), {meanwhile:g} others come. "
        f"Answered later than {LATE_MS:g} ms:"
    )


def _all_harmed(found: Sequence[tuple[Measures, Measures | None]]) -> list[str]:
    """Say it of each stack; of many, those of whom the same is said together, and who made most late first."""
    if len(found) <= wording.MANY:
        return [f"{late} on {m.stack} {why}" for m, beside in found for late, why in [_harmed(m, beside)]]
    alike: dict[tuple[str, str], list[str]] = {}
    for m, beside in sorted(found, key=lambda one: -(one[0].late or 0.0)):
        alike.setdefault(_harmed(m, beside), []).append(m.stack)
    return [f"{late} on {', '.join(names)} {why}" for (late, why), names in alike.items()]


def _harmed(m: Measures, beside: Measures | None) -> tuple[str, str]:
    """Say how many others were late on a stack, and what its schedule predicts, what its control did where it has one."""
    assert m.harm is not None
    predicted = (
        "no prediction" if m.late_predicted is None else f"arithmetic: {formats.number(_tidy(m.late_predicted))}"
    )
    lost = m.harm.blockers - m.harm.completed
    refused = f"; {lost} of the {m.harm.blockers} that block were not answered" if lost else ""
    burnt = f"; while as much CPU is burnt outside: {formats.number(_tidy(beside.late))}" if beside else ""
    return formats.number(_tidy(m.late)), f"({predicted}{burnt}{refused})"


def _tidy(value: float | None) -> float | None:
    """Write next to nothing as nothing: a tenth of a request is none."""
    return value if value is None else round(value, 1) + 0.0


def _compared(summary: Summary, load: Load, metric: Metric) -> list[Ratio]:
    decoys = {stack.name for stack in summary.run.stacks if stack.decoy_of}
    return [
        c
        for c in summary.comparisons
        if (c.scenario, c.metric) == (load.scenario, metric.key) and c.stack not in decoys and c.estimate is not None
    ]


def _values(summary: Summary, load: Load, metric: Metric) -> str:
    measures = {m.stack: m for m in summary.measures if m.scenario == load.scenario}
    found = {each.stack: each for each in summary.bounds if each.scenario == load.scenario}
    names = [stack.name for stack in summary.run.stacks if stack.name in measures and not stack.decoy_of]
    said = {
        name: f"{name} {_least(metric, found.get(name))}{wording.absolute(measures[name], metric)}" for name in names
    }
    if len(names) <= wording.MANY:
        return ", ".join(said[name] + _bounded(metric, found.get(name)) for name in names)
    worst = -math.inf if metric.higher_is_better else math.inf
    names.sort(key=lambda name: wording.value(measures[name], metric) or worst, reverse=metric.higher_is_better)
    return _ranked(names, said, summary.run.baseline) + _all_bounded(
        metric, [found[name] for name in names if name in found]
    )


def _ranked(names: Sequence[str], said: Mapping[str, str], baseline: str) -> str:
    """Name the first three, the baseline and the last of a long list, best first: all of them stand in the scorecard."""
    if len(names) <= 2 * wording.MANY:
        return ", ".join(said[name] for name in names)
    kept = sorted({0, 1, 2, names.index(baseline) if baseline in names else 0, len(names) - 1})
    shown = [
        f"{said[names[place]]} (place {place + 1} of {len(names)})" * (place > 2) or said[names[place]]
        for place in kept
    ]
    return ", ".join(shown)


def _least(metric: Metric, bound: Bound | None) -> str:
    return "at least " if metric is THROUGHPUT and bound is not None and bound.at_least else ""


def _bounded(metric: Metric, bound: Bound | None) -> str:
    return f" (bounded by {by(bound)})" if metric is THROUGHPUT and bound is not None else ""


def _all_bounded(metric: Metric, found: Sequence[Bound]) -> str:
    """Say of many what bounded them, those together that the same bounded."""
    alike: dict[str, list[str]] = {}
    for bound in found:
        alike.setdefault(by(bound).partition("; ")[0].partition(", ")[0], []).append(bound.stack)
    if metric is not THROUGHPUT or not alike:
        return ""
    return f". Each is bounded by {next(iter(alike))}" if len(alike) == 1 else f". Bounded by {_together(alike)}"


def _together(alike: Mapping[str, Sequence[str]]) -> str:
    """Say of whom each thing holds: by name of a few, by number of more."""
    return "; ".join(
        f"{what}: {', '.join(names) if len(names) <= wording.MANY else f'{len(names)} stacks'}"
        for what, names in alike.items()
    )


def by(bound: Bound) -> str:
    """Say what bounded a stack at saturation."""
    cpu = f"its CPU was {formats.percent(round(bound.cpu_share, 2))} busy"
    if bound.by == "cpu":
        return "its CPU"
    if bound.by == "generator":
        return f"the load generator, at {formats.percent(round(bound.generator_share, 2))} of its own CPU; {cpu}"
    if bound.by == "something else":
        return f"something it waits for, not its CPU; {cpu}"
    return f"its {bound.places} {bound.by}; {cpu}"


def _verdicts(found: Sequence[Ratio]) -> str:
    """Return what is said of each challenger; the reason why nobody has a verdict once, where it is the same for all."""
    if len(found) >= wording.MANY:
        judged: dict[str, list[str]] = {}
        for c in found:
            judged.setdefault("without a verdict" if _why_none(c) else c.verdict, []).append(c.stack)
        if set(judged) == {"without a verdict"}:
            return f"Against {found[0].baseline} nobody has a verdict; each ratio stands in the scorecard"
        return f"Against {found[0].baseline}, {_together(judged)}; each ratio stands in the scorecard"
    whys = {_why_none(c) for c in found}
    if len(found) > 1 and len(whys) == 1 and None not in whys:
        return f"{'; '.join(map(_shown, found))}; {whys.pop()}"
    return "; ".join(map(_verdict, found))


def _verdict(c: Ratio) -> str:
    if (none := _why_none(c)) is not None:
        return f"{_shown(c)}; {none}"
    why = f" ({reasons.text(c.reason)})" if c.reason else ""
    return f"{_shown(c)}: {c.verdict}{why}"


def _why_none(c: Ratio) -> str | None:
    """Return why a ratio has no verdict; None where it has one."""
    return (reasons.text(c.reason) or "exploratory") if c.kind == "exploratory" or c.verdict == "not judged" else None


def _shown(c: Ratio) -> str:
    metric = METRICS[c.metric]
    sign = "÷" if metric.compared == "ratio" else "−"
    what = f"{c.stack} {sign} {c.baseline}{wording.beyond_control(c)}"
    return f"{what}: {wording.effect(metric, c.estimate)}, {wording.levelled(c)}"


def starved(each: Starved) -> str:
    """Say which requests starved."""
    what = f"half of {each.route} took more than {formats.milliseconds(each.p50_ms)}" if each.route else (
        f"one of 1,000 took more than {formats.milliseconds(each.p999_ms)}"
    )  # fmt: skip
    return (
        f"Not all of it is throughput: under {each.scenario} {each.stack} let requests starve: {what}, "
        f"where half of all took less than {formats.milliseconds(each.all_p50_ms)}"
    )
