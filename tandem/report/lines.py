"""Lines: which line stood there, and whom that hurt: stalls joined with nginx's log and the samples, read and shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tandem import formats
from tandem.errors import RunFailed
from tandem.judge import joined
from tandem.judge.joined import Hurt, Joined, Place
from tandem.judge.rounds import Key
from tandem.observe import access, phases, samples
from tandem.records import stalled
from tandem.records.block import Block
from tandem.records.journal import RecordsError
from tandem.records.setup import Load
from tandem.report import backlog, cells, pools
from tandem.report.backlog import AcceptQueue
from tandem.report.tables import Cell, Table
from tandem.rules import LATE_MS


class Told(NamedTuple):
    """A block whose stalls were recorded, with what they did."""

    block: Block
    found: list[Joined]
    late: int  # bystanders of its window that missed the target
    explained: int  # of them, that some stall held up


class Lines(NamedTuple):
    """All that was recorded of stalls in a run, and what was amiss."""

    told: list[Told]
    problems: list[str]
    queues: list[AcceptQueue]  # of the listening sockets

    def places(self) -> list[Place]:
        """Return the stalls by stack, kind and line."""
        found = []
        for (scenario, stack), group in groupby(sorted(self.told, key=_key), _key):
            found += joined.places(scenario, stack, [one for told in group for one in told.found])
        return found

    def of(self, scenario: str, stack: str) -> list[AcceptQueue]:
        """Return what was seen of the sockets of a stack under a load; nothing where nobody looked."""
        return [each for each in self.queues if (each.scenario, each.stack) == (scenario, stack)]


def _key(told: Told) -> Key:
    return told.block.scenario, told.block.stack


def read(folder: Path, loads: Iterable[Load], blocks: Iterable[Block]) -> Lines:
    """Join what was recorded in these blocks; a file that is missing or broken is a problem, not an error."""
    by_name = {load.scenario: load for load in loads if load.blocking}
    told, problems = [], []
    for block in blocks:
        load = by_name.get(block.scenario)
        if load is None or not stalled.watched(folder, block):
            continue
        try:
            told.append(_join(folder, load, block))
        except (OSError, RunFailed, RecordsError) as error:
            problems.append(f"stalls of {block.samples}: {error}")
    queues, unread = backlog.read(folder, by_name, [each.block for each in told])
    return Lines(told, [*problems, *unread], queues)


def _join(folder: Path, load: Load, block: Block) -> Told:
    raw = samples.read(pools.file(folder, block))
    window = block.window_start or 0.0, block.window_end or 0.0
    others = phases.bystanders(raw, window)
    stalls = [each for each in stalled.read(folder, block) if each.end >= window[0] and each.at < window[1]]
    asked = list(access.lines(stalled.access(folder, block)))
    found = joined.join(stalls, others, asked, joined.drain_share(load, block))
    return Told(block, found, *joined.explained(found, others))


def sentences(found: Lines) -> Iterator[str]:
    """Yield a sentence for each line, and for each stack how much of the lateness they explain and who waited in its sockets."""
    places = {key: list(group) for key, group in groupby(found.places(), lambda place: (place.scenario, place.stack))}
    for (scenario, stack), group in groupby(sorted(found.told, key=_key), _key):
        told = list(group)
        yield f"{scenario} on {stack}: {_explained(told)}."
        yield from (f"  {sentence(place)}." for place in places.get((scenario, stack), []))
        yield from (f"  {backlog.sentence(queue)}." for queue in found.of(scenario, stack))


def explanations(found: Lines) -> Iterator[str]:
    """Yield for each stack how much of the lateness all its stalls explain, and who waited in its sockets."""
    for (scenario, stack), group in groupby(sorted(found.told, key=_key), _key):
        seen = [_explained(list(group)), *map(backlog.sentence, found.of(scenario, stack))]
        yield f"{scenario} on {stack}: {'; '.join(seen)}."


def _explained(told: Sequence[Told]) -> str:
    late, explained = sum(each.late for each in told), sum(each.explained for each in told)
    over = f"{formats.number(late)} requests took longer than {LATE_MS:g} ms or had no good answer"
    return f"{over}; a stall held up {formats.number(explained)} of them" if late else "nobody was late"


def sentence(place: Place) -> str:
    """Say which line stood there, and whom that hurt."""
    stood = (
        f"{formats.count(place.stalls, 'time')}, {place.seconds:.2f} s in all, longest {1000 * place.longest:.0f} ms"
        f"{f', at most {place.waiting} waiting at once' if place.waiting else ''}"
    )
    if place.kind in joined.VICTIMS:
        return f"{place.watched}: a request waited for a slot {stood}"
    return (
        f"{place.watched}: {_what(place)} {stood}; inside saw {place.in_flight:.1f} requests each "
        f"time, outside {formats.number(place.hurt)} were under way and {formats.number(place.late)} missed {LATE_MS:g} ms"
    )


def _what(place: Place) -> str:
    """Say what stood there, or what somebody waited for."""
    if place.place:
        within = f" in {place.inside_call}" if place.inside_call else ""
        return f"stood in {place.place} ({place.kind}{within}, {place.seen} of {place.samples} samples)"
    if place.kind == "pool":
        return f"somebody waited{f' for what {place.route} held' if place.route else ''} ({place.kind})"
    suspected = f"; {place.suspect} suspected" if place.suspect else ""
    return f"stood in no line to blame ({place.kind}{suspected})"


def table(found: Lines) -> Table:
    """Return the lines of every stack."""
    return Table(
        name="lines",
        caption=f"The lines that stood, and whom that hurt: late means more than {LATE_MS:g} ms, or no good answer",
        columns=[
            "Scenario", "Stack", "what stood", "kind", "line", "route", "samples there", "stalls", "in all", "longest",
            "waiting at most", "inside saw", "under way outside", "late outside",
        ],
        rows=[_row(place) for place in found.places()],
    )  # fmt: skip


def _row(place: Place) -> list[Cell]:
    seen = Cell(text=f"{place.seen} of {place.samples}" if place.place else formats.NOTHING, value=place.seen,
                hidden={"of": place.samples})  # fmt: skip
    suspected = f"suspected: {place.suspect}" if place.suspect else formats.NOTHING
    return [
        cells.plain(place.scenario), cells.plain(place.stack), cells.plain(place.watched), cells.plain(place.kind),
        cells.plain(place.place or suspected), cells.plain(place.route or formats.NOTHING), seen, cells.plain(place.stalls),
        Cell(text=f"{place.seconds:.2f} s", value=place.seconds, unit="s"), cells.milliseconds(1000 * place.longest),
        _number(place.waiting), Cell(text=f"{place.in_flight:.1f}", value=place.in_flight), _whom(place.kind, place.hurt),
        cells.strong(_whom(place.kind, place.late)),
    ]  # fmt: skip


def _whom(kind: str, number: int) -> Cell:
    """Return how many it hurt; nothing where it tells of one who was hurt."""
    return _number(None) if kind in joined.VICTIMS else cells.plain(number)


def stalls(found: Lines) -> Table:
    """Return every stall."""
    return Table(
        name="stalls",
        caption="Every stall",
        columns=[
            *WHERE, "kind", "line", "suspected line", "inside call", "samples there", "samples", "seconds", "CPU seconds",
            "GC seconds", "watchdog late", "route", "request", "its time to header", "in flight inside", "waiting at most",
            "other threads", "under way outside", "late outside",
        ],
        rows=[[*_where(told, one), *_stall(one)] for told in found.told for one in told.found],
    )  # fmt: skip


WHERE = ("Scenario", "Stack", "Round", "Attempt", "at", "what stood")


def _where(told: Told, one: Joined) -> list[Cell]:
    block = told.block
    return [
        cells.plain(block.scenario), cells.plain(block.stack), cells.plain(block.round), cells.plain(block.attempt),
        _seconds(one.stall.at - (block.window_start or 0.0)), cells.plain(one.stall.watched),
    ]  # fmt: skip


def _stall(one: Joined) -> list[Cell]:
    stall, line = one.stall, one.stall.lines[0] if one.stall.lines else None
    return [
        cells.plain(stall.kind), cells.plain(stall.place), cells.plain(stall.suspect or ""),
        cells.plain(line.inside if line else ""), cells.plain(line.count if line else 0), cells.plain(stall.samples),
        _seconds(stall.seconds), _seconds(stall.cpu), _seconds(stall.gc), _seconds(stall.late),
        cells.plain(stall.route or ""), cells.plain(stall.request or ""),
        _seconds(one.culprit.header if one.culprit else None), cells.plain(stall.in_flight), _number(stall.waiting),
        cells.plain("; ".join(stall.others)), _whom(stall.kind, len(one.hurt)), _whom(stall.kind, one.late),
    ]  # fmt: skip


def requests(found: Lines) -> Table:
    """Return every request that was under way during a stall, once for each."""
    return Table(
        name="hurt",
        caption="Every request that was under way during a stall",
        columns=[
            *WHERE,
            "line",
            "due",
            "route",
            "response",
            "late",
            "known inside",
            "request",
            "time to header in nginx",
        ],
        rows=[
            [*_where(told, one), cells.plain(one.stall.place), *_hurt(told, each)]
            for told in found.told
            for one in told.found
            for each in one.hurt
        ],
    )


def _hurt(told: Told, each: Hurt) -> list[Cell]:
    due, route, response, _ = each.bystander
    seen = each.asked
    return [
        _seconds(due - (told.block.window_start or 0.0)), cells.plain(route),
        Cell(text=f"{response:.1f} ms", value=response, unit="ms"), cells.plain("yes" if each.late else "no"),
        cells.plain("yes" if each.inside else "no"), cells.plain(seen.id if seen else ""),
        _seconds(seen.header if seen else None),
    ]  # fmt: skip


def _seconds(value: float | None) -> Cell:
    return Cell(text=formats.NOTHING if value is None else f"{value:.3f} s", value=value, unit="s")


def _number(value: int | None) -> Cell:
    return Cell(text=formats.number(value), value=value)
