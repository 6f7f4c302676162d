"""Joined: what an app saw of its stalls, what nginx saw of its requests and what the generator saw of all of them, in one.

A stall hurts every bystander that was under way between its beginning and the moment at which what had queued behind it is
served: [due, answered] overlaps [start, end + drain]. The process itself knows only those that had reached it; of those that
still were in a socket the generator alone knows.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from tandem.observe.access import Asked
from tandem.observe.phases import Bystander
from tandem.records.block import Block
from tandem.records.setup import Load
from tandem.records.stalled import Stall
from tandem.rules import LATE_MS

SAME_SECONDS = 0.05
"""By how much two witnesses may differ about when a request began or ended: nginx may have waited for the CPU."""

VICTIMS = ("queue",)
"""Kinds of stall that tell of a request which waited, and not of what held it up."""


class Hurt(NamedTuple):
    """A bystander that a stall held up."""

    bystander: Bystander
    asked: Asked | None  # the same request, as nginx saw it; None: not found
    inside: bool  # whether the process knew of it when the stall ended

    @property
    def late(self) -> bool:
        """Whether it missed the target."""
        return self.bystander.response_ms > LATE_MS


class Joined(NamedTuple):
    """A stall with all that it held up."""

    stall: Stall
    culprit: Asked | None  # who ran meanwhile, as nginx saw it
    hurt: list[Hurt]

    @property
    def late(self) -> int:
        """How many missed the target."""
        return sum(each.late for each in self.hurt)


def drain_share(load: Load, block: Block) -> float:
    """Return for which part of a stall's length a queue remains after it: ρ ÷ (1 − ρ), with ρ what bystanders use of the stack.

    While it stood λD came, each of which needs s: the queue is empty after D × λs ÷ (1 − λs).
    """
    if block.blocked is None:
        return 0.0
    places = max(1, block.blocked.queues * block.blocked.places)
    used = min(0.9, load.rate * block.blocked.service_ms / 1000 / places)
    return used / (1 - used)


def join(
    stalls: Iterable[Stall], bystanders: Sequence[Bystander], asked: Sequence[Asked], drain: float = 0.0
) -> list[Joined]:
    """Return each stall with those that it hurt, none with what tells of a victim; bystanders come ordered by due time.

    `drain` is the part of its length for which the queue behind it lasts.
    """
    found, by_id = matched(bystanders, asked), {each.id: each for each in asked}
    dues = [each.due for each in bystanders]
    last = list(
        accumulate((answered(each) for each in bystanders), max)
    )  # the latest answer up to here: it never falls
    joined = []
    for stall in stalls:
        if stall.kind in VICTIMS:
            # As many as requests that waited: with all who waited beside each they would be millions.
            joined.append(Joined(stall, by_id.get(stall.request or ""), []))
            continue
        until, known = stall.end + drain * stall.seconds, set(stall.requests)
        within = slice(bisect_left(last, stall.at), bisect_right(dues, until))
        hurt = [
            Hurt(each, one, one is not None and one.id in known)
            for each, one in zip(bystanders[within], found[within], strict=True)
            if answered(each) >= stall.at
        ]
        joined.append(Joined(stall, by_id.get(stall.request or ""), hurt))
    return joined


def answered(bystander: Bystander) -> float:
    """Return when a bystander was answered, in seconds since the epoch; never, where it had no good answer."""
    return bystander.due + bystander.response_ms / 1000


def explained(joined: Iterable[Joined], bystanders: Sequence[Bystander]) -> tuple[int, int]:
    """Return how many bystanders were late, and how many of them some stall held up."""
    late = {each for each in bystanders if each.response_ms > LATE_MS}
    hurt = {each.bystander for one in joined for each in one.hurt}
    return len(late), len(late & hurt)


def matched(bystanders: Sequence[Bystander], asked: Iterable[Asked]) -> list[Asked | None]:
    """Return of each bystander the same request as nginx saw it, None where there is none; each is given once.

    They are the same where route, beginning and end are: nearest together, and never further apart than `SAME_SECONDS`.
    """
    rows = sorted(asked)
    starts, taken = [each.start for each in rows], set[int]()
    wanted: dict[str, dict[int, bool]] = defaultdict(dict)  # whether a row is of a route, by its place
    found: list[Asked | None] = []
    for each in bystanders:
        sent, end = each.due + each.start_delay_ms / 1000, answered(each)
        best, cost = -1, math.inf
        for place in _near(starts, sent):
            known = wanted[each.route]
            if place in taken or not known.setdefault(place, rows[place].is_of(each.route)):
                continue
            apart = abs(rows[place].start - sent) + (abs(rows[place].end - end) if end < math.inf else 0.0)
            if apart < min(cost, 2 * SAME_SECONDS):
                best, cost = place, apart
        if best >= 0:
            taken.add(best)
        found.append(rows[best] if best >= 0 else None)
    return found


def _near(starts: Sequence[float], moment: float) -> Iterator[int]:
    """Yield the places of what began at about this moment."""
    place = bisect_left(starts, moment - SAME_SECONDS)
    while place < len(starts) and starts[place] <= moment + SAME_SECONDS:
        yield place
        place += 1


class Place(NamedTuple):
    """All stalls of one kind at one line on one stack, and whom they hurt."""

    scenario: str
    stack: str
    watched: str
    kind: str
    place: str  # empty: nobody is blamed
    inside_call: str  # what the line had called
    stalls: int
    seconds: float  # in all
    longest: float
    seen: int  # of so many samples, at that line
    samples: int
    in_flight: float  # requests inside the process at the end of a stall, on average
    waiting: int | None  # the most that waited for a slot or a pool; None: nobody could count
    route: str  # that was seen most to hold it; empty: not known
    suspect: str  # where nobody is blamed, the line that was seen most right afterwards; empty: none
    hurt: int  # bystanders that were under way during any of them, each once
    late: int  # of them


def places(scenario: str, stack: str, joined: Iterable[Joined]) -> list[Place]:
    """Return the stalls by kind and line, what hurt most first."""
    groups: dict[tuple[str, str, str], list[Joined]] = defaultdict(list)
    for one in joined:
        groups[one.stall.watched, one.stall.kind, one.stall.place].append(one)
    found = [_place(scenario, stack, *key, group) for key, group in groups.items()]
    return sorted(found, key=lambda place: (place.kind in VICTIMS, -place.late, -place.seconds))


def _place(scenario: str, stack: str, watched: str, kind: str, place: str, group: Sequence[Joined]) -> Place:
    stalls = [one.stall for one in group]
    hurt = {each.bystander for one in group for each in one.hurt}
    first = [stall.lines[0] for stall in stalls if stall.place]
    return Place(
        scenario=scenario,
        stack=stack,
        watched=watched,
        kind=kind,
        place=place,
        inside_call=next((line.inside for line in first if line.inside), ""),
        stalls=len(stalls),
        seconds=math.fsum(stall.seconds for stall in stalls),
        longest=max(stall.seconds for stall in stalls),
        seen=sum(line.count for line in first),
        samples=sum(stall.samples for stall in stalls),
        in_flight=sum(stall.in_flight for stall in stalls) / len(stalls),
        waiting=max((stall.waiting for stall in stalls if stall.waiting is not None), default=None),
        route=_most(stall.route for stall in stalls),
        suspect=_most(stall.suspect for stall in stalls),
        hurt=len(hurt),
        late=sum(each.response_ms > LATE_MS for each in hurt),
    )


def _most(texts: Iterable[str | None]) -> str:
    """Return what is there most often; empty where there is nothing."""
    counts = Counter(text for text in texts if text)
    return counts.most_common(1)[0][0] if counts else ""
