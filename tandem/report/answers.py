"""Answers: the first screen. How much each stack can take, what a request costs, and what happens to everyone else when something
blocks, each with its numbers and its verdict."""

from __future__ import annotations

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
from tandem.rules import HEADLINE_TARGET, TARGETS_MS


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
        f"{load.clients}: {_values(summary, load, THROUGHPUT)}. {_verdict(c)}"
        for load in summary.run.loads
        for c in _compared(summary, load, THROUGHPUT)
    ]
    return lines + [starved(each) for each in summary.starved]


def _cost(summary: Summary) -> list[str]:
    """CPU where it is a headline, else wherever it was measured; memory once, under the last load."""
    loads = [load for load in summary.run.loads if not load.blocking] or summary.run.loads
    everything = [(load, c) for load in loads for c in _compared(summary, load, CPU)]
    judged = [(load, c) for load, c in everything if c.kind == "headline"] or everything
    lines = [f"CPU, {load.scenario}: {_values(summary, load, CPU)}. {_verdict(c)}" for load, c in judged]
    last = loads[-1]
    return lines + [f"Memory, {last.scenario}: {_values(summary, last, MEMORY)}. {_verdict(c)}"
                    for c in _compared(summary, last, MEMORY)]  # fmt: skip


def _blocking(summary: Summary) -> list[str]:
    """A sentence for each load that blocks, with what arithmetic expects, what became of the blockers, and the verdicts."""
    lines, controls = [], control.controls(summary.run.loads)
    for load in summary.run.loads:
        measures = {m.stack: m for m in summary.measures if m.scenario == load.scenario and m.harm}
        beside = {m.stack: m for m in summary.measures if m.scenario == controls.get(load.scenario)}
        names = [stack.name for stack in summary.run.stacks if stack.name in measures and not stack.decoy_of]
        if load.blocking and names and summary.rounds_valid:
            each = formats.listed([_harmed(measures[name], beside.get(name)) for name in names])
            verdicts = "; ".join(_verdict(c) for c in _compared(summary, load, LATE))
            lines.append(f"{_blocks(load, load.blocking)} {each}" + (f". {verdicts}" if verdicts else ""))
    return lines


def _blocks(load: Load, blocking: Blocking) -> str:
    meanwhile = load.rate * blocking.milliseconds / 1000
    what = "an outside process burns CPU" if blocking.control else "a request blocks"
    return (
        f"While {what} for {blocking.milliseconds:g} ms ({blocking.kind}), {meanwhile:g} others come. "
        f"Answered later than {TARGETS_MS[HEADLINE_TARGET]:g} ms:"
    )


def _harmed(m: Measures, beside: Measures | None) -> str:
    """Say how many others were late on a stack, beside what its schedule predicts, and what its control did where it has one."""
    assert m.harm is not None
    predicted = (
        "no prediction" if m.late_predicted is None else f"arithmetic: {formats.number(_tidy(m.late_predicted))}"
    )
    lost = m.harm.blockers - m.harm.completed
    refused = f"; {lost} of the {m.harm.blockers} that block were not answered" if lost else ""
    burnt = f"; while as much CPU is burnt outside: {formats.number(_tidy(beside.late))}" if beside else ""
    return f"{formats.number(_tidy(m.late))} on {m.stack} ({predicted}{burnt}{refused})"


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
    return ", ".join(
        f"{name} {_least(metric, found.get(name))}{wording.absolute(measures[name], metric)}{_bounded(metric, found.get(name))}"
        for name in names
    )


def _least(metric: Metric, bound: Bound | None) -> str:
    return "at least " if metric is THROUGHPUT and bound is not None and bound.at_least else ""


def _bounded(metric: Metric, bound: Bound | None) -> str:
    return f" (bounded by {by(bound)})" if metric is THROUGHPUT and bound is not None else ""


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


def _verdict(c: Ratio) -> str:
    metric = METRICS[c.metric]
    sign = "÷" if metric.compared == "ratio" else "−"
    what = f"{c.stack} {sign} {c.baseline}{wording.beyond_control(c)}"
    shown = f"{what}: {wording.effect(metric, c.estimate)}, {wording.levelled(c)}"
    if c.kind == "exploratory" or c.verdict == "not judged":
        return f"{shown}; {reasons.text(c.reason) or 'exploratory'}"
    why = f" ({reasons.text(c.reason)})" if c.reason else ""
    return f"{shown}: {c.verdict}{why}"


def starved(each: Starved) -> str:
    """Say which requests starved."""
    what = f"half of {each.route} took more than {formats.milliseconds(each.p50_ms)}" if each.route else (
        f"one of 1,000 took more than {formats.milliseconds(each.p999_ms)}"
    )  # fmt: skip
    return (
        f"Not all of it is throughput: under {each.scenario} {each.stack} let requests starve: {what}, "
        f"where half of all took less than {formats.milliseconds(each.all_p50_ms)}"
    )
