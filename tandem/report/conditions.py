"""Conditions: under which a run was measured. Generator, cross-checks, order, budgets, machine, history, as tables."""

from __future__ import annotations

from collections.abc import Iterable

from tandem import formats
from tandem.judge import configuration
from tandem.judge.measures import Measures, combine
from tandem.judge.summary import Summary
from tandem.records.block import Block, Observed
from tandem.records.setup import Stack
from tandem.report import cells, sentences
from tandem.report.cells import plain
from tandem.report.tables import Cell, Table
from tandem.rules import FULL_SHARE, shown


def crosschecks(summary: Summary) -> Table:
    """Return the diagnostics of every stack and scenario: medians of its blocks, the dispatch lag of the worst one."""
    found = {(m.scenario, m.stack): m for m in summary.measures}
    return Table(
        name="cross-checks",
        caption=f"Cross-checks: printed, never used to exclude anything{sentences.mark(summary)}",
        columns=["Scenario", "Stack", "p50, first → second half", "p99, first → second half", "in flight: seen · Little",
                 "mean: client · nginx", "static file p50 · ratio", "dispatch lag p99"],
        rows=[_crosscheck(m, found.get((m.scenario, summary.run.baseline))) for m in summary.measures if m.diagnostics],
        kind="dense",
    )  # fmt: skip


def _crosscheck(m: Measures, baseline: Measures | None) -> list[Cell]:
    d, ms = m.diagnostics, cells.milliseconds
    assert d is not None
    theirs = baseline.diagnostics.static_p50_ms if baseline and baseline.diagnostics else None
    ratio = d.static_p50_ms / theirs if d.static_p50_ms and theirs else None

    def half(percentile: str, value: float | None) -> float | None:
        return value if shown(percentile, m.arrivals // 2) else None

    seen, little = (Cell(text=f"{value:.2f}", value=value) for value in (d.in_flight_seen, d.in_flight_little))
    return [
        plain(m.scenario),
        plain(m.stack),
        _both(ms(half("p50", d.first_half_p50_ms)), "second half", ms(half("p50", d.second_half_p50_ms)), "→"),
        _both(ms(half("p99", d.first_half_p99_ms)), "second half", ms(half("p99", d.second_half_p99_ms)), "→"),
        _both(seen, "Little", little),
        _both(ms(d.service_mean_ms), "nginx", ms(d.nginx_mean_ms)),
        _both(ms(d.static_p50_ms), "ratio", Cell(text=formats.times(ratio), value=ratio)),
        ms(m.dispatch_lag_p99_ms),
    ]


def _both(first: Cell, name: str, second: Cell, sign: str = "·") -> Cell:
    """Return two values in one cell; the second has a column of its own in CSV."""
    return Cell(
        text=f"{first.text} {sign} {second.text}", value=first.value, unit=first.unit, hidden={name: second.value}
    )


def generator(summary: Summary) -> Table | None:
    """Return what the load generator can do against nginx alone and how much of it each scenario used; None: not calibrated."""
    found = summary.run.calibration
    if found is None:
        return None
    alone = (
        "its own CPU was full" if found.ceiling_cpu_share >= FULL_SHARE else "something else than its CPU was the limit"
    )
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
        asked = "As much as it can" if load.saturates else f"{formats.offered([load.rate])} is {share}"
        used = f"{asked}; at most {formats.percent(most)} of its CPU used in a block"
        rows.append([f"Used by {load.scenario}", used])
    caption = "The load generator against nginx alone, before the first block"
    return _texts("generator", caption, ["What", "How much"], rows)


def history(summary: Summary) -> Table | None:
    """Return when the run was resumed; None for one that went through at once."""
    rows = [[each.date, f"resumed, {formats.count(each.rounds, 'round')} in all", each.provenance.commit or "unknown"]
            for each in summary.resumed]  # fmt: skip
    first = [summary.run.provenance.date, f"begun, {formats.count(summary.run.rounds, 'round')}",
             summary.run.provenance.commit or "unknown"]  # fmt: skip
    return _texts("history", "History of the run", ["Date", "What", "Commit"], [first, *rows]) if rows else None


def orders(blocks: Iterable[Block]) -> Table:
    """Return for each round and scenario the stacks in the order of measurement."""
    places: dict[tuple[int, str], list[Block]] = {}
    for block in blocks:
        places.setdefault((block.round, block.scenario), []).append(block)
    rows = [
        [plain(number), plain(scenario),
         plain(" → ".join(block.stack for block in sorted(found, key=lambda block: block.position)))]
        for (number, scenario), found in sorted(places.items(), key=lambda place: place[0][0])
    ]  # fmt: skip
    caption = "Stacks in the order in which they were measured"
    return Table(name="order", caption=caption, columns=["Round", "Scenario", "Order"], rows=rows)


def startup(summary: Summary) -> Table:
    """Return how long each stack took to start."""
    rows = [
        [plain(m.scenario), plain(m.stack), Cell(text=f"{m.start_seconds:.2f} s", value=m.start_seconds, unit="s")]
        for m in summary.measures
    ]
    caption = f"Median time from start to the first good answer{sentences.mark(summary)}"
    return Table(name="start-up", caption=caption, columns=["Scenario", "Stack", "ready after"], rows=rows)


def database(summary: Summary) -> Table | None:
    """Return what the database's servers used, apart from the stacks; None where they had none."""
    found = [m for m in summary.measures if m.database_cpu_ms is not None]
    rows = [
        [plain(m.scenario), plain(m.stack), cells.milliseconds(m.cpu_ms), cells.milliseconds(m.database_cpu_ms),
         cells.share(_share(m)), cells.mebibytes(m.database_memory_bytes)]
        for m in found
    ]  # fmt: skip
    return Table(
        name="database",
        caption="The database's share: its servers run on the stacks' CPUs, and nothing else in this report counts them"
        f"{sentences.mark(summary)}",
        columns=["Scenario", "Stack", "CPU per request, app and nginx", "of the database beside it", "share of the sum",
                 "memory of the database"],
        rows=rows,
    ) if rows else None  # fmt: skip


def _share(m: Measures) -> float | None:
    if m.cpu_ms is None or m.database_cpu_ms is None or not m.cpu_ms + m.database_cpu_ms:
        return None
    return m.database_cpu_ms / (m.cpu_ms + m.database_cpu_ms)


def budgets(summary: Summary) -> Table:
    """Return what each stack was allowed and, beside it, the most that it was seen to use."""
    return Table(
        name="budgets",
        caption="What each stack was allowed · the most that was seen of it in any block",
        columns=["Stack", "is", "CPUs", "server processes · seen", "threads each · seen in all",
                 "in handlers at once · in flight", "database connections · seen", "news connections · seen"],
        rows=[_budget(stack, _observed(summary, stack.name)) for stack in summary.run.stacks],
    )  # fmt: skip


def _budget(stack: Stack, seen: Observed | None) -> list[Cell]:
    def pair(allowed: int | str, name: str) -> Cell:
        found = getattr(seen, name) if seen else None
        return _both(plain(allowed), "seen", Cell(text=formats.NOTHING if found is None else f"{found}", value=found))

    b = stack.budget
    decoy = f" (decoy of {stack.decoy_of})" if stack.decoy_of else ""
    slots = b.slots if b.slots is not None else "as many as connections"
    return [plain(stack.name), plain(f"{stack.title}{decoy}"), plain(b.cpus), pair(b.processes, "processes"),
            pair(b.threads, "threads"), pair(slots, "in_flight"), pair(b.database_connections, "database_connections"),
            pair(b.news_connections, "news_connections")]  # fmt: skip


def _observed(summary: Summary, name: str) -> Observed | None:
    """Return the most that a stack was seen to use under any scenario."""
    found = [m.observed for m in summary.measures if m.stack == name and m.observed]
    return combine(Observed, found, max)


def differ(summary: Summary) -> Table:
    """Return in what the stacks differ, as far as their commands, environment and budgets say."""
    names = [stack.name for stack in summary.run.stacks if stack.decoy_of is None]
    rows = [
        [plain(row.what), *(plain(formats.NOTHING if row.values[name] is None else f"{row.values[name]}") for name in names)]
        for row in summary.differences
    ]  # fmt: skip
    caption = (
        f"In what the stacks differ; {formats.NOTHING} is not given: a server of another kind may have no such option"
    )
    return Table(name="differences-of-stacks", caption=caption, columns=["What", *names], rows=rows)


def nothing_else(summary: Summary) -> str:
    """Say what the table of differences leaves open; empty where it says all."""
    further = [row for row in summary.differences if row.what not in configuration.FRAMEWORK]
    if not summary.differences:
        return "By commands, environment and budgets the stacks do not differ at all."
    return "" if further else "Nothing else differs: same options, environment and budgets."


def machine(summary: Summary) -> Table:
    """Return where the numbers come from: machine, versions and settings."""
    run, where = summary.run, summary.run.provenance
    stack, load = (", ".join(map(str, cpus)) for cpus in (where.stack_cpus, where.generator_cpus))
    rows = [
        ["Commit", (where.commit or "unknown") + (" with uncommitted changes" if where.dirty else "")],
        ["Date", where.date], ["Seed", str(run.seed)], ["Profile", run.profile],
        ["CPU", where.cpu_model + (f", virtualised ({where.virtualised})" if where.virtualised else "")],
        ["CPUs", f"allowed {', '.join(map(str, where.cpus))}; stack {stack}; load {load}"],
        ["Memory", formats.mebibytes(where.memory_bytes)], ["Platform", where.platform], ["Kernel", where.kernel],
        ["Python", where.python], ["nginx", where.nginx], ["Database", where.database()],
        ["Users in the database", f"{run.seeded_users:,}"],
        ["Packages", ", ".join(f"{name} {version}" for name, version in sorted(where.packages.items()))],
    ]  # fmt: skip
    return _texts("machine", "Machine, versions and settings", ["What", "Value"], rows, "facts")


def _texts(name: str, caption: str, columns: list[str], rows: list[list[str]], kind: str = "") -> Table:
    """Return a table of texts."""
    cells_ = [[plain(text) for text in row] for row in rows]
    return Table(name=name, caption=caption, columns=columns, rows=cells_, kind=kind)
