"""Backlog: who waited in the listening sockets of a stack's servers, by phase of a window with blockers: read and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from tandem import formats
from tandem.observe import phases
from tandem.observe.backlog import SAMPLE_SECONDS
from tandem.records import backlog
from tandem.records.backlog import Sample, Unread
from tandem.records.block import Block
from tandem.records.journal import RecordsError
from tandem.records.setup import Load
from tandem.report import cells, wording
from tandem.report.tables import Cell, Table


class BacklogPhase(NamedTuple):
    """What was seen in one phase of all windows."""

    samples: int
    waiting: int  # of them, in which somebody waited
    most: int  # connections at once

    @property
    def share(self) -> float | None:
        """Which share of the samples is above zero."""
        return self.waiting / self.samples if self.samples else None


class AcceptQueue(NamedTuple):
    """What was seen of the sockets of one stack under one load, in all blocks that count."""

    scenario: str
    stack: str
    phases: list[BacklogPhase]
    unread: str  # why nothing was, in any of them; empty: something was

    @property
    def most(self) -> int:
        """The most that waited in any phase."""
        return max(phase.most for phase in self.phases)


def read(folder: Path, loads: Mapping[str, Load], blocks: Sequence[Block]) -> tuple[list[AcceptQueue], list[str]]:
    """Return what was seen of each stack of these loads, by scenario, and which files can't be read, as sentences."""
    found, problems = [], []
    for (scenario, stack), group in groupby(sorted(blocks, key=_key), _key):
        load, seen = loads.get(scenario), []
        for block in group:
            try:
                seen += [(block, each) for each in backlog.read(folder, block)]
            except RecordsError as error:
                problems.append(f"accept queues of {block.samples}: {error}")
        if load and seen:
            found.append(_queue(load, stack, seen))
    return found, problems


def _key(block: Block) -> tuple[str, str]:
    return block.scenario, block.stack


def _queue(load: Load, stack: str, seen: Sequence[tuple[Block, Sample | Unread]]) -> AcceptQueue:
    waiting: list[list[int]] = [[] for _ in wording.PHASES]
    for block, each in seen:
        if isinstance(each, Sample):
            for place, (start, end) in enumerate(_phases(load, block)):
                if start <= each.at < end:
                    waiting[place].append(each.waiting)
    unread = next((each.why for _, each in seen if isinstance(each, Unread)), "")
    return AcceptQueue(
        scenario=load.scenario,
        stack=stack,
        phases=[BacklogPhase(len(each), sum(map(bool, each)), max(each, default=0)) for each in waiting],
        unread="" if any(waiting) else unread,
    )


def _phases(load: Load, block: Block) -> Iterator[tuple[float, float]]:
    """Yield the beginning and the end of each phase."""
    if load.blocking and block.window_start and block.window_end:
        yield from pairwise(phases.moments(load.blocking, (block.window_start, block.window_end)))


def sentence(queue: AcceptQueue) -> str:
    """Say how many waited there, and when."""
    if queue.unread:
        return f"who waited in its listening sockets is not known: {queue.unread}"
    if not queue.most:
        return f"in its listening sockets nobody waited ({sum(each.samples for each in queue.phases):,} samples)"
    before, meanwhile, after = (
        f"{each.most:,} ({formats.percent(each.share)} of {each.samples:,} samples above 0)" for each in queue.phases
    )
    return (
        f"in its listening sockets at most {before} waited before anything blocked, {meanwhile} meanwhile "
        f"and {after} afterwards"
    )


def table(queues: Sequence[AcceptQueue]) -> Table:
    """Return them all, but those of which nothing is known."""
    return Table(
        name="accept-queues",
        caption="Connections that no server had accepted, seen in the listening sockets every "
        f"{1000 * SAMPLE_SECONDS:g} ms from outside: the most at once, and the share of samples above 0",
        columns=["Scenario", "Stack", *(f"{what} {phase}" for phase in wording.PHASES for what in ("most", "above 0"))],
        rows=[_row(queue) for queue in queues if not queue.unread],
    )


def _row(queue: AcceptQueue) -> list[Cell]:
    seen = [cell for each in queue.phases for cell in (cells.plain(each.most), cells.share(each.share))]
    return [cells.plain(queue.scenario), cells.plain(queue.stack), *seen]
