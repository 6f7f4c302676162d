"""What kind of stall it was, and which lines may be named for it. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any

from . import calls
from .episode import Measured, Sample, Seen
from .frames import Spot, culprit, is_plumbing, short, told
from .record import Line

MAJORITY = 2 / 3
"""What share of the samples one callback, or one instruction, must have to stand for the stall."""
NOBODY = frozenset({"gc", "native", "gil", "descheduled"})
"""Kinds for which no line is named."""


def kind(measured: Measured, seen: Seen) -> str:
    """One of record.KINDS."""
    if measured.kind == "queue":
        return measured.kind
    if measured.gc >= measured.seconds / 2:
        return "gc"
    samples = [sample for round in seen.samples for sample in round]
    if seen.late >= measured.seconds / 2 or (len(samples) < 2 and measured.kind is None):
        because = starved(measured, seen)
        return "pool" if measured.kind == "pool" and because != "descheduled" else because
    return measured.kind or of_loop(measured, samples)


def of_loop(measured: Measured, samples: list[Sample]) -> str:
    """The same of the loop, where the samples can be trusted."""
    if sum(1 for sample in samples if not sample.stack) > len(samples) / 2:  # nothing ran, and yet it was late
        other = measured.process_cpu - (measured.cpu or 0) >= measured.seconds / 2
        return "gil" if other else "descheduled"
    if share(Counter(sample.owner for sample in samples)) < MAJORITY:
        return "busy"
    return alone(measured, [sample for sample in samples if sample.stack])


def starved(measured: Measured, seen: Seen) -> str:
    """Why the watchdog could not look: by whose CPU time passed meanwhile. What gets less than a tenth was not running."""
    seconds, cpu, process_cpu = measured.seconds, measured.cpu, measured.process_cpu
    if seen.process_cpu is not None:
        seconds, cpu, process_cpu = seen.late, seen.cpu, seen.process_cpu
    if process_cpu < seconds / 10:
        return "descheduled"
    return "native" if cpu is None or cpu >= process_cpu / 2 else "gil"


def alone(measured: Measured, samples: list[Sample]) -> str:
    """Whether the one callback computed or waited, and for what: who waits stands at one instruction and uses no CPU there."""
    spots = Counter((sample.stack[0].code, sample.stack[0].instruction) for sample in samples)
    spot, _ = spots.most_common(1)[0]
    there = [sample for sample in samples if (sample.stack[0].code, sample.stack[0].instruction) == spot]
    if share(spots) < MAJORITY or worked(there[0], there[-1]):
        return "compute"
    if calls.called(*spot) is None and measured.process_cpu - (measured.cpu or 0) >= measured.seconds / 2:
        return "gil"  # it calls nothing, so it waits for its turn
    if not calls.may_wait(*spot):
        return "descheduled"  # nor does anybody else of the process run: it had no CPU
    return "lock" if calls.waits_for_a_thread(*spot) else "wait"


def worked(first: Sample, last: Sample) -> bool:
    """Whether the thread ran between two samples: 5 % is more than any wait takes, and less than a busy machine leaves."""
    if first.cpu is None or last.cpu is None:
        return True
    return last.cpu - first.cpu >= (last.at - first.at) / 20


def share(counts: Counter[Any]) -> float:
    """The share of the most frequent."""
    return max(counts.values()) / counts.total()


def lines(samples: list[Sample]) -> list[tuple[Line, Sample]]:
    """Every distinct line with its count, what was seen most first, and the first sample that shows it."""
    counts: Counter[tuple[str, int, str]] = Counter()
    inside: dict[tuple[str, int, str], Counter[str]] = {}
    first: dict[tuple[str, int, str], Sample] = {}
    for sample in samples:
        if (spot := culprit(list(sample.stack))) is not None:
            key = short(spot.code.co_filename), spot.line, spot.code.co_qualname
            counts[key] += 1
            inside.setdefault(key, Counter())[deepest(sample.stack, spot)] += 1
            first.setdefault(key, sample)
    return [(Line(*key, count, inside[key].most_common(1)[0][0]), first[key]) for key, count in counts.most_common()]


def deepest(stack: tuple[Spot, ...], own: Spot) -> str:
    """What the app's line had called: the innermost frame, an import, or the name of what has no frame."""
    if any(spot.code.co_filename.startswith("<frozen importlib") for spot in stack[: stack.index(own)]):
        module = next((spot for spot in stack if spot.code.co_name == "<module>"), None)
        return f"import of {short(module.code.co_filename)}" if module else "import"
    called = calls.called(stack[0].code, stack[0].instruction) or ""
    if stack[0] is own or stack[0] == own:
        return called
    return f"{told(stack[0])}{f' ({called})' if called else ''}"


def path(sample: Sample, most: int = 12) -> tuple[str, ...]:
    """How a sample's line was reached: its stack without plumbing, innermost first."""
    return tuple(told(spot) for spot in sample.stack if not is_plumbing(spot.code.co_filename))[:most]
