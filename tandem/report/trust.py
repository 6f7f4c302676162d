"""Trust: the tables behind "Can I trust this?". Every cell is a number or a reason that the summary or a block holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tandem import formats
from tandem.judge.disturbances import Flagged, Watched
from tandem.judge.metrics import METRICS
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.records.block import Block
from tandem.report import cells, reasons, sentences, wording
from tandem.report.cells import plain
from tandem.report.tables import Cell, Table


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
    found += [line.title for line in sentences.replaced(summary)]
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
             "sqlite": "database", "packages": "set of packages", "cpus": "set of CPUs"}  # fmt: skip
    first = summary.run.provenance
    return [
        title
        for name, title in names.items()
        if any(getattr(each.provenance, name) != getattr(first, name) for each in summary.resumed)
    ]


def validity(summary: Summary) -> Table:
    """Return the limits, the worst that was seen, and how many blocks went beyond."""
    counts = formats.listed([f"{number:,} {level}" for level, number in summary.disturbances.blocks.items()])
    rows = [
        [plain(each.cause), plain(_suspect(each)), plain(f"> {each.invalid:g} {each.unit}"),
         _seen(each.worst, each.unit), plain(each.suspect_blocks), plain(each.invalid_blocks)]
        for each in summary.disturbances.table
    ]  # fmt: skip
    return Table(
        name="validity",
        caption=f"Every block that was measured, the rejected ones included: {counts}",
        columns=["Cause", "suspect", "invalid", "worst seen", "suspect blocks", "invalid blocks"],
        rows=rows,
    )


def _suspect(row: Watched) -> str:
    """Write beyond what a block is suspect."""
    if row.suspect is None:
        return formats.NOTHING
    part = ""
    if row.suspect_of_p99 is not None:
        part = f", or > {row.suspect_from:g} {row.unit} and > {formats.percent(row.suspect_of_p99)} of the response time's p99"
    return f"> {row.suspect:g} {row.unit}{part}"


def _seen(value: float | None, unit: str) -> Cell:
    return Cell(text="not available on this host" if value is None else f"{value:.3g} {unit}", value=value)


def flagged(name: str, caption: str, found: Sequence[Flagged]) -> Table:
    """Return blocks that something disturbed, with what did."""
    rows = [
        [
            plain(f.round),
            plain(f.attempt),
            plain(f.scenario),
            plain(f.stack),
            plain("; ".join(wording.causes(f.causes))),
        ]
        for f in found
    ]
    return Table(name=name, caption=caption, columns=["Round", "Attempt", "Scenario", "Stack", "Causes"], rows=rows)


def with_and_without(headlines: Iterable[Ratio]) -> Table:
    """Return each headline's estimate without and with the rejected attempts."""
    rows = [
        [plain(wording.subject(c)), plain(c.stack), cells.effect(c, c.estimate), plain(len(c.rounds)),
         cells.effect(c, c.estimate_all), plain(c.attempts_all)]
        for c in headlines
    ]  # fmt: skip
    return Table(
        name="with-rejected-rounds",
        caption="Estimates without and with the rejected rounds; only the first ones earn verdicts",
        columns=["Ratio", "Stack", "valid rounds only", "rounds", "rejected ones included", "attempts"],
        rows=rows,
    )


def decoys(found: Iterable[Ratio]) -> Table:
    """Return what the decoy got."""
    rows = [
        [plain(c.scenario), plain(METRICS[c.metric].title), cells.effect(c, c.estimate), cells.interval(c),
         plain(wording.level(c)), cells.verdict(c), plain(reasons.text(c.reason) or formats.NOTHING)]
        for c in found
    ]  # fmt: skip
    return Table(
        name="decoy",
        caption="What the decoy got",
        columns=["Scenario", "Metric", "Ratio", "Interval", "Confidence", "Verdict", "Why"],
        rows=rows,
    )


def rounds(summary: Summary, judged: Sequence[Ratio]) -> Table:
    """Return the ratio of every judged comparison in every round, and the estimates of both halves of the run."""
    numbers = sorted({*range(1, summary.rounds_planned + 1), *(number for c in judged for number in c.rounds)})
    rows = []
    for c in judged:
        ratios = dict(zip(c.rounds, c.ratios, strict=True))
        seen = [cells.effect(c, ratios.get(number)) for number in numbers]
        rows.append([plain(wording.subject(c)), plain(c.stack), *seen, *_halves(c)])
    caption = f"Ratio to {summary.run.baseline} in each round that counts, and the estimates of both halves of the run"
    return Table(
        name="rounds",
        caption=f"{caption}: a drift would pull them apart",
        columns=["Ratio", "Stack", *map(str, numbers), "first half", "second half"],
        rows=rows,
        kind="dense",
    )


def _halves(c: Ratio) -> list[Cell]:
    middle = len(c.ratios) // 2
    return [cells.effect(c, METRICS[c.metric].estimate(half)) for half in (c.ratios[:middle], c.ratios[middle:])]


def differences(summary: Summary) -> Table:
    """Return what can be zero, of the baseline and of every other stack, and the difference."""
    found = {(m.scenario, m.stack): m for m in summary.measures}
    rows = [
        [plain(c.scenario), plain(METRICS[c.metric].title), plain(c.stack),
         *(Cell(text=wording.absolute(found[c.scenario, name], METRICS[c.metric]),
                value=wording.value(found[c.scenario, name], METRICS[c.metric])) for name in (c.baseline, c.stack)),
         cells.with_interval(c)]
        for c in summary.comparisons if METRICS[c.metric].compared == "difference"
    ]  # fmt: skip
    return Table(
        name="differences",
        caption="Compared as differences, because they may be zero; failed are arrivals that failed, were dropped or unfinished"
        f"{sentences.mark(summary)}",
        columns=["Scenario", "Metric", "Stack", summary.run.baseline, "this stack", "difference"],
        rows=rows,
    )


def failures(summary: Summary, blocks: Iterable[Block]) -> Table:
    """Return the blocks in which not every arrival was answered well, with what was seen."""
    rows = [
        [plain(b.round), plain(b.scenario), plain(b.stack), plain(b.failures), plain(b.unfinished), plain(b.dropped),
         plain(b.arrivals), plain("; ".join(b.failure_examples[:3]) or formats.NOTHING)]
        for b in blocks if b.failures or b.unfinished or b.dropped
    ]  # fmt: skip
    return Table(
        name="failures",
        caption=f"Blocks in which not every arrival was answered well{sentences.mark(summary)}",
        columns=["Round", "Scenario", "Stack", "failed", "unfinished", "dropped", "arrivals", "seen"],
        rows=rows,
    )
