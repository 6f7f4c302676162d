"""What stood: the rows that `stalls/` writes in a lane's servers, as they come, and the line that they say stood meanwhile."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from tandem.live.setup import Lane
from tandem.records.stalled import Stall

MOST_STALLS = 500
"""Stalls of a lane that are remembered."""

MOST_READ = 1_000_000
"""Bytes that are read at one look."""

APART = 0.15
"""Seconds that a stall may seem to lie before or behind what caused it: it is known to within a heartbeat."""


class Stood(msgspec.Struct, frozen=True):
    """What stood in a lane while something blocked, added up over its stalls."""

    watched: str  # "loop" or "slots"
    kind: str
    stalls: int
    seconds: float
    waited: int  # requests that `stalls/` saw wait for a slot
    place: str  # file and line; empty where nobody could look
    function: str
    inside: str
    count: int
    samples: int
    code: str  # the line itself; empty where it can't be read


class Tail:
    """The stalls of one file, which grows."""

    def __init__(self, file: Path) -> None:
        self._file, self._read = file, 0
        self._stalls: OrderedDict[tuple[int, str, float], Stall] = OrderedDict()

    def look(self) -> None:
        """Take in the whole lines that were added; what is no stall is left out."""
        with suppress(FileNotFoundError), self._file.open("rb") as file:
            file.seek(self._read)
            whole = file.read(MOST_READ).rpartition(b"\n")[0]
            self._read += len(whole) + 1 if whole else 0
            for row in whole.splitlines():
                with suppress(msgspec.DecodeError):
                    self._add(msgspec.json.decode(row, type=Stall))

    def _add(self, stall: Stall) -> None:
        """A stall that was told of while it lasted is told of again when it is over."""
        self._stalls[stall.pid, stall.watched, stall.monotonic] = stall
        while len(self._stalls) > MOST_STALLS:
            self._stalls.popitem(last=False)

    def between(self, start: float, end: float) -> list[Stall]:
        """Return the stalls that overlap this time of the monotonic clock."""
        return [
            stall
            for stall in self._stalls.values()
            if stall.monotonic + stall.seconds >= start - APART and stall.monotonic <= end + APART
        ]


class CodePlace(NamedTuple):
    """Where something stood."""

    file: str
    line: int
    function: str
    inside: str


def stood(stalls: Iterable[Stall], lane: Lane) -> Stood | None:
    """Return what stood: the line seen most in the stalls of the loop, or of all slots; None where nothing did."""
    known = list(stalls)
    held = [each for each in known if each.watched == "loop" or each.kind == "slots"]
    if not held:
        return None
    seen, longest = Counter[CodePlace](), max(held, key=lambda each: each.seconds)
    for each in held:
        for line in each.lines if each.kind != "busy" else ():  # there no single one is the cause
            seen[CodePlace(line.file, line.line, line.function, line.inside)] += line.count
    (place, count), *_ = seen.most_common(1) or [(CodePlace("", 0, "", ""), 0)]
    return Stood(
        watched=longest.watched,
        kind=longest.kind,
        stalls=len(held),
        seconds=round(sum(each.seconds for each in held), 3),
        waited=sum(each.kind == "queue" for each in known),
        place=f"{place.file}:{place.line}" if place.file else "",
        function=place.function,
        inside=place.inside,
        count=count,
        samples=sum(seen.values()),
        code=code(Path(lane.code), place) if place.file else "",
    )


def code(folder: Path, place: CodePlace) -> str:
    """Return the text of the line; nothing of what is no Python file below the folder."""
    file = (folder / place.file).resolve()
    if file.suffix != ".py" or not file.is_relative_to(folder.resolve()):
        return ""
    with suppress(OSError):
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[place.line - 1].partition("  # noqa")[0].strip() if 0 < place.line <= len(lines) else ""
    return ""
