"""Reasons: the sentence for each code with which the judge withholds a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tandem import formats
from tandem.judge.measures import Measures
from tandem.judge.metrics import METRICS
from tandem.judge.reasons import Code, Missed, Reason
from tandem.rules import COMPLETED_LIMIT, INTERMITTENT, P99_BLOCK, P99_SECONDS, P99_STACK


def text(reason: Reason | None) -> str:
    """Return why there is no verdict, or none more decided; empty without a reason."""
    return TEXTS[reason.code](reason) if reason else ""


def missed(found: Sequence[Missed]) -> str:
    """Return in what a stack misses the service level."""
    return ", ".join(
        MISSED_PARTS[one.part].format(formats.percent(one.share), formats.percent(one.limit)) for one in found
    )


MISSED_PARTS = {
    "failed": "{} of its arrivals failed (limit {})",
    "answered well": "it answered {} of them well (at least {} is asked for)",
    "backlog": "its requests in flight grew by {} of its arrivals (limit {})",
}


def _planned(why: Reason) -> str:
    ratios = formats.count(why.ratios or 0, "headline ratio")
    return f"no verdict: exploratory, {_rounds(why)} planned and {ratios} need {why.needed}"


def _valid(why: Reason) -> str:
    ratios = f"{why.ratios} headline ratio{' needs' if why.ratios == 1 else 's need'}"
    return f"no verdict: only {why.rounds} of {why.planned} rounds were valid, {ratios} {why.needed}"


def _missing(why: Reason) -> str:
    return f"{METRICS[why.metric or ''].title} was not there or not reached in {_rounds(why)}"


def _rounds(why: Reason) -> str:
    return formats.count(why.rounds or 0, "round")


def _always(sentence: str) -> Callable[[Reason], str]:
    return lambda why: sentence


TEXTS: dict[Code, Callable[[Reason], str]] = {
    "one CPU": _always("no verdict: one CPU only, shared by the stack and the load"),
    "too few rounds planned": _planned,
    "no decoy": _always("no verdict: no decoy in this run"),
    "broken off": lambda why: f"no verdict: broken off after {why.rounds} of {why.planned} rounds",
    "too few rounds valid": _valid,
    "untrusted": _always("the run is UNTRUSTED"),
    "exploratory": _always("exploratory"),
    "answered nothing": lambda why: f"{why.stack} answered nothing in {_rounds(why)}",
    "cannot serve": lambda why: f"{why.stack} cannot serve this rate: {missed(why.missed)}",
    "not reached": _missing,
    "p99 in a quick run": _always("quick runs never say p99"),
    "too little for p99": _always(
        f"p99 needs blocks of {P99_SECONDS} s and {P99_BLOCK:,} arrivals, and {P99_STACK:,} per stack"
    ),
    "intermittent": _always(
        f"intermittent: pooled and round-wise ratio differ by more than {formats.percent(INTERMITTENT)}"
    ),
    "blockers not completed": lambda why: (
        f"{why.stack} completed less than {formats.percent(COMPLETED_LIMIT)} of what blocks, and to refuse that harms nobody"
    ),
    "decoy not judged": lambda why: f"the decoy could not be judged: {text(why.because)}",
    "too few rounds": _always("too few rounds for the confidence that is asked for"),
    "equality in a quick run": _always("quick runs never say “no practical difference”"),
    "interval too wide": _always("the interval is too wide"),
    "effect close to δ": _always("the effect is too close to δ"),
    "generator was the limit": lambda why: f"the generator was the limit for {formats.listed(why.stacks)}",
}


def replaced(m: Measures) -> str:
    """Say how many processes were replaced: by the server's own count where it has one, else by what was there at both ends."""
    if not m.workers_replaced:
        return f"Processes of {m.stack} were replaced: at least {m.processes_ended:,} ended and {m.processes_begun:,} began"
    one = m.workers_replaced == 1
    hung = f" ({m.workers_harakiri:,} of them by harakiri: a request took longer than the server allows)"
    counted = f"{m.workers_replaced:,} worker{'s' * (not one)} of {m.stack} {'was' if one else 'were'} replaced"
    return counted + hung * bool(m.workers_harakiri)
