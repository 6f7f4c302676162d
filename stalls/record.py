"""What is known of one stall: a row of the file, and what a callback is handed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

KINDS = {
    "wait": "one callback waited: a sleep, a socket, a file, another program",
    "compute": "one callback computed",
    "lock": "one callback waited for another thread",
    "busy": "many short callbacks added up",
    "gc": "garbage collection",
    "native": "a native call held the GIL, so nobody could look: no sample",
    "gil": "another thread held the GIL",
    "descheduled": "the process itself got no CPU: nobody is blamed",
    "slots": "all slots were taken: the process could begin no other request",
    "queue": "a request waited for a slot",
    "pool": "somebody waited for a thread or a connection of a pool",
}


class BadRecordError(ValueError):
    """A row that is none; its text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of code that stood there in `count` samples; `inside` is what it had called, as deep as Python could see."""

    file: str
    line: int
    function: str
    count: int
    inside: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Stall:
    """One stall of what is watched: the loop, the slots, or a pool by its name. All times in seconds."""

    number: int
    """How many there were in this process: numbers that are missing in a file were counted and not written."""
    pid: int
    watched: str
    kind: str
    at: float
    """When it began, since the epoch: when the heartbeat was due, so the cause began up to a heartbeat earlier."""
    monotonic: float
    """The same moment on the machine's monotonic clock."""
    seconds: float
    over: bool
    """Whether it has ended; one that lasts is told of before it ends, and once more then."""
    samples: int
    lines: tuple[Line, ...]
    """Every distinct line, what was seen most first; none where no sample can be trusted."""
    callbacks: int
    """How many different callbacks, requests or threads were seen."""
    cpu: float | None
    """CPU time of the watched threads; None where the platform can't tell."""
    process_cpu: float
    gc: float
    late: float
    """The longest time for which the watchdog itself could not run."""
    route: str | None
    request: str | None
    """Route and id of the request that was seen most."""
    in_flight: int
    requests: tuple[str, ...]
    """Ids of the requests in flight inside the process at its end, at most 50."""
    waiting: int | None
    """The most that waited for a slot or for the pool meanwhile; None where nobody could count."""
    stack: tuple[str, ...]
    """Where the most seen line came from, innermost first; left out beyond a number of stacks a minute."""
    others: tuple[str, ...]
    """Where other threads stood, with counts, while this one waited."""
    suspect: str | None
    """Where no sample can be trusted: the first line seen afterwards. Often the right one, and proof of nothing."""

    def dump(self) -> str:
        """The row as JSON, without a line's end."""
        return json.dumps({"type": "stall", **asdict(self)}, ensure_ascii=False)


def load(row: dict[str, Any]) -> Stall:
    """Return the stall of a row. Raises BadRecordError."""
    names = {field.name for field in fields(Stall)}
    if missing := names - row.keys():
        raise BadRecordError(f"there is no {sorted(missing)[0]!r}")
    values: dict[str, Any] = {name: tuple(row[name]) if isinstance(row[name], list) else row[name] for name in names}
    try:
        values["lines"] = tuple(Line(**line) for line in row["lines"])
    except TypeError as error:
        raise BadRecordError(f"its lines are none: {error}") from None
    stall = Stall(**values)
    if stall.kind not in KINDS or not isinstance(stall.seconds, int | float):
        raise BadRecordError(f"a stall of kind {stall.kind!r} and {stall.seconds!r} seconds")
    return stall
