"""Trust: the tables behind "Can I trust this?". Every cell is a number or a reason that the summary or a block holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from tandem import formats, statistics
from tandem.judge.disturbances import Flagged
from tandem.judge.measures import Measures, together
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.records.block import Block, Observed
from tandem.records.setup import Stack
from tandem.report import wording
from tandem.report.sheet import Sheet

FULL = 0.9
"""Share of its CPU from which on the load generator, and nothing else, was the limit of its ceiling."""


def doubts(summary: Summary, problems: Sequence[str]) -> list[str]:
    """Return every reason that the records give to doubt the numbers; `problems` is what was amiss with the samples."""
    where = [summary.run.provenance, *(each.provenance for each in summary.resumed)]
    found = list(
        dict.fromkeys([*summary.run.suspect, *(reason for each in summary.resumed for reason in each.suspect)])
    )
    shared = sorted({cpu for each in where for cpu in set(each.stack_cpus) & set(each.generator_cpus)})
    if shared and not found:
        found.append(f"The stacks and the load generator shared CPU {formats.listed([str(cpu) for cpu in shared])}.")
    if summary.disturbances.rejected or summary.disturbances.suspects:
        counts = summary.disturbances.blocks
        found.append(f"Of all blocks {counts['SUSPECT']} were SUSPECT and {counts['INVALID']} INVALID; see below.")
    if any(each.dirty for each in where):
        found.append("The working tree had changes that no commit holds.")
    found += [f"The run was resumed with another {what}." for what in _changed(summary)]
    if summary.end is None:
        found.append("The run did not come to its end: it was killed, or it is still going on.")
    elif not summary.end.complete:
        found.append(f"The run was stopped: {summary.end.reason}.")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        found.append(f"Samples that don't add up with the records: {'; '.join(problems[:3])}{more}.")
    return found


def _changed(summary: Summary) -> list[str]:
    names = {"commit": "commit", "kernel": "kernel", "cpu_model": "CPU", "python": "Python", "nginx": "nginx",
             "sqlite": "SQLite", "packages": "set of packages", "cpus": "set of CPUs"}  # fmt: skip
    first = summary.run.provenance
    return [
        title
        for name, title in names.items()
        if any(getattr(each.provenance, name) != getattr(first, name) for each in summary.resumed)
    ]


def validity(summary: Summary) -> Sheet:
    """Return the limits, the worst that was seen, and how many blocks went beyond."""
    counts = formats.listed([f"{number:,} {level}" for level, number in summary.disturbances.blocks.items()])
    rows = [
        [each.cause, each.suspect, each.invalid, _seen(each.worst, each.unit), f"{each.suspect_blocks:,}",
         f"{each.invalid_blocks:,}"]
        for each in summary.disturbances.table
    ]  # fmt: skip
    head = ["Cause outside the stack", "suspect", "invalid", "worst seen", "suspect blocks", "invalid blocks"]
    return Sheet(f"Every block that was measured, the rejected ones included: {counts}", head, rows)


def _seen(value: float | None, unit: str) -> str:
    return "not available on this host" if value is None else f"{value:.3g} {unit}"


def flagged(caption: str, found: Sequence[Flagged]) -> Sheet:
    """Return blocks that something disturbed, with what did."""
    rows = [[f"{f.round}", f"{f.attempt}", f.scenario, f.stack, "; ".join(wording.causes(f.causes))] for f in found]
    return Sheet(caption, ["Round", "Attempt", "Scenario", "Stack", "Causes"], rows)


def with_and_without(headlines: Iterable[Ratio]) -> Sheet:
    """Return each headline's estimate without and with the rejected attempts."""
    rows = [
        [wording.subject(c), c.stack, formats.times(c.estimate), f"{len(c.rounds)}", formats.times(c.estimate_all),
         f"{c.attempts_all}"]
        for c in headlines
    ]  # fmt: skip
    head = ["Ratio", "Stack", "valid rounds only", "rounds", "rejected ones included", "attempts"]
    return Sheet("Estimates without and with the rejected rounds; only the first ones earn verdicts", head, rows)


def crosschecks(summary: Summary) -> Sheet:
    """Return the diagnostics of every stack and scenario: medians of its blocks, the dispatch lag of the worst one."""
    found = {(m.scenario, m.stack): m for m in summary.measures}
    rows = [_crosscheck(m, found[m.scenario, summary.run.baseline]) for m in summary.measures if m.diagnostics]
    head = ["Scenario", "Stack", "p50, first → second half", "p99, first → second half", "in flight: seen · Little",
            "mean: client · nginx", "static file p50 · ratio", "dispatch lag p99"]  # fmt: skip
    return Sheet("Cross-checks: printed, never used to exclude anything", head, rows)


def _crosscheck(m: Measures, baseline: Measures) -> list[str]:
    d, ms = m.diagnostics, formats.milliseconds
    assert d is not None
    theirs = baseline.diagnostics.static_p50_ms if baseline.diagnostics else None
    ratio = d.static_p50_ms / theirs if d.static_p50_ms and theirs else None
    return [
        m.scenario,
        m.stack,
        f"{ms(d.first_half_p50_ms)} → {ms(d.second_half_p50_ms)}",
        f"{ms(d.first_half_p99_ms)} → {ms(d.second_half_p99_ms)}",
        f"{d.in_flight_seen:.2f} · {d.in_flight_little:.2f}",
        f"{ms(d.service_mean_ms)} · {ms(d.nginx_mean_ms)}",
        f"{ms(d.static_p50_ms)} · {formats.times(ratio)}",
        ms(m.dispatch_lag_p99_ms),
    ]


def generator(summary: Summary) -> Sheet | None:
    """Return what the load generator can do against nginx alone and how much of it each scenario used; None: not calibrated."""
    found = summary.run.calibration
    if found is None:
        return None
    alone = "its own CPU was full" if found.ceiling_cpu_share >= FULL else "something else than its CPU was the limit"
    rows = [
        ["Ceiling, closed loop",
         f"{formats.per_second(found.ceiling_rate)} at {formats.percent(found.ceiling_cpu_share)} of its CPU: {alone}"],
        [f"Floor at {formats.offered([found.floor_rate])}: response of a static file",
         f"p50 {formats.reach(found.floor_p50_ms)}, p99 {formats.reach(found.floor_p99_ms)}"],
        ["Dispatch lag there", f"p50 {formats.milliseconds(found.dispatch_lag_p50_ms)}, "
                               f"p99 {formats.milliseconds(found.dispatch_lag_p99_ms)}"],
        ["Its own CPU per request", formats.milliseconds(found.generator_cpu_ms)],
    ]  # fmt: skip
    for load in summary.run.loads:
        share = (
            f"{formats.percent(load.rate / found.ceiling_rate)} of the ceiling"
            if found.ceiling_rate
            else formats.NOTHING
        )
        most = max((m.generator_share for m in summary.measures if m.scenario == load.scenario), default=0.0)
        used = f"{formats.offered([load.rate])} is {share}; at most {formats.percent(most)} of its CPU used in a block"
        rows.append([f"Used by {load.scenario}", used])
    return Sheet("The load generator against nginx alone, before the first block", ["What", "How much"], rows)


def history(summary: Summary) -> Sheet | None:
    """Return when the run was resumed; None for one that went through at once."""
    rows = [[each.date, f"resumed, {formats.count(each.rounds, 'round')} in all", each.provenance.commit or "unknown"]
            for each in summary.resumed]  # fmt: skip
    first = [summary.run.provenance.date, f"begun, {formats.count(summary.run.rounds, 'round')}",
             summary.run.provenance.commit or "unknown"]  # fmt: skip
    return Sheet("History of the run", ["Date", "What", "Commit"], [first, *rows]) if rows else None


def rounds(summary: Summary, judged: Sequence[Ratio]) -> Sheet:
    """Return the ratio of every judged comparison in every round, and the estimates of both halves of the run."""
    numbers = range(1, summary.rounds_planned + 1)
    rows = []
    for c in judged:
        ratios = dict(zip(c.rounds, c.ratios, strict=True))
        rows.append(
            [wording.subject(c), c.stack, *(formats.times(ratios.get(number)) for number in numbers), *_halves(c)]
        )
    head = ["Ratio", "Stack", *(str(number) for number in numbers), "first half", "second half"]
    caption = f"Ratio to {summary.run.baseline} in each round that counts, and the estimates of both halves of the run"
    return Sheet(f"{caption}: a drift would pull them apart", head, rows)


def _halves(c: Ratio) -> list[str]:
    middle = len(c.ratios) // 2
    logs = [math.log(ratio) for ratio in c.ratios]
    parts = [statistics.estimate(half) if half else None for half in (logs[:middle], logs[middle:])]
    return [formats.times(None if part is None else math.exp(part)) for part in parts]


def differences(summary: Summary) -> Sheet:
    """Return how much more often than on the baseline an arrival got no good answer."""
    shares = {(m.scenario, m.stack): m.failed_share for m in summary.measures}
    rows = [
        [d.scenario, d.stack, formats.percent(shares[d.scenario, d.baseline]), formats.percent(shares[d.scenario, d.stack]),
         wording.points(d)]
        for d in summary.differences
    ]  # fmt: skip
    head = ["Scenario", "Stack", summary.run.baseline, "this stack", "difference (95 % interval), in percentage points"]
    return Sheet(
        "Failed, unfinished and dropped arrivals: differences, because there may be none; exploratory", head, rows
    )


def failures(blocks: Iterable[Block]) -> Sheet:
    """Return the blocks in which not every arrival was answered well, with what was seen."""
    rows = [
        [f"{b.round}", b.scenario, b.stack, f"{b.failures:,}", f"{b.unfinished:,}", f"{b.dropped:,}", f"{b.arrivals:,}",
         "; ".join(b.failure_examples[:3]) or formats.NOTHING]
        for b in blocks if b.failures or b.unfinished or b.dropped
    ]  # fmt: skip
    head = ["Round", "Scenario", "Stack", "failed", "unfinished", "dropped", "arrivals", "seen"]
    return Sheet("Blocks in which not every arrival was answered well", head, rows)


def orders(blocks: Iterable[Block]) -> Sheet:
    """Return for each round and scenario the stacks in the order of measurement."""
    places: dict[tuple[int, str], list[Block]] = {}
    for block in blocks:
        places.setdefault((block.round, block.scenario), []).append(block)
    rows = [
        [f"{number}", scenario, " → ".join(block.stack for block in sorted(found, key=lambda block: block.position))]
        for (number, scenario), found in sorted(places.items(), key=lambda place: place[0][0])
    ]
    return Sheet("Stacks in the order in which they were measured", ["Round", "Scenario", "Order"], rows)


def budgets(summary: Summary) -> Sheet:
    """Return what each stack was allowed and, beside it, the most that it was seen to use."""
    head = ["Stack", "is", "CPUs", "server processes · seen", "threads each · seen in all", "in handlers at once · in flight",
            "database connections · seen", "news connections · seen"]  # fmt: skip
    rows = [_budget(stack, _observed(summary, stack.name)) for stack in summary.run.stacks]
    return Sheet("What each stack was allowed · the most that was seen of it in any block", head, rows)


def _budget(stack: Stack, seen: Observed | None) -> list[str]:
    def pair(allowed: int | str, name: str) -> str:
        found = getattr(seen, name) if seen else None
        return f"{allowed} · {formats.NOTHING if found is None else found}"

    b = stack.budget
    decoy = f" (decoy of {stack.decoy_of})" if stack.decoy_of else ""
    slots = b.slots if b.slots is not None else "as many as connections"
    return [stack.name, f"{stack.title}{decoy}", f"{b.cpus}", pair(b.processes, "processes"), pair(b.threads, "threads"),
            pair(slots, "in_flight"), pair(b.database_connections, "database_connections"),
            pair(b.news_connections, "news_connections")]  # fmt: skip


def _observed(summary: Summary, name: str) -> Observed | None:
    """Return the most that a stack was seen to use under any scenario."""
    found = [m.observed for m in summary.measures if m.stack == name and m.observed]
    return together(Observed, found, max)
