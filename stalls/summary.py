"""A file of stalls in few words: who stalled, how long, and which line stood there in k of n samples."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .record import KINDS, BadRecordError, Line, Stall, load


@dataclass(slots=True)
class Group:
    """The stalls of one kind at one place; the place is a line, or nothing where nobody is blamed."""

    watched: str
    kind: str
    place: str
    inside: str = ""
    stalls: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    seen: int = 0
    samples: int = 0
    routes: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)

    def add(self, stall: Stall, line: Line | None) -> None:
        """Count one."""
        self.stalls += 1
        self.seconds += stall.seconds
        self.longest = max(self.longest, stall.seconds)
        self.seen += line.count if line else 0
        self.samples += stall.samples
        self.inside = self.inside or (line.inside if line else "")
        self.routes.update([stall.route] if stall.route else [])
        self.lines.update({str(line): line.count for line in stall.lines})


def read(file: Path) -> Iterator[Stall]:
    """Yield the stalls of a file; of one that was told of twice, the end. Raises BadRecordError and OSError."""
    going_on: dict[tuple[int, str, float], Stall] = {}
    for number, text in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            row = json.loads(text)
            if not isinstance(row, dict) or row.get("type") not in ("stall", "counts"):
                raise BadRecordError("it is no row of stalls")
            if row["type"] == "counts":
                continue
            stall = load(row)
        except (ValueError, TypeError) as error:
            raise BadRecordError(f"{file}, line {number}: {error}") from None
        began = stall.pid, stall.watched, stall.monotonic
        if stall.over:
            going_on.pop(began, None)
            yield stall
        else:
            going_on[began] = stall
    yield from going_on.values()


def left_out(file: Path, stalls: Iterable[Stall]) -> int:
    """How many stalls processes counted beyond those of the file, which was full; one that runs has not told yet.

    Raises BadRecordError and OSError.
    """
    there = Counter(stall.pid for stall in stalls)
    try:
        rows = [json.loads(text) for text in file.read_text(encoding="utf-8", errors="replace").splitlines()]
        counted = [(row["pid"], row["kinds"].values()) for row in rows if row["type"] == "counts"]
        return sum(max(0, sum(each["stalls"] for each in kinds) - there[pid]) for pid, kinds in counted)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise BadRecordError(f"{file}: its counts are none ({error!r})") from None


def groups(stalls: Iterable[Stall]) -> list[Group]:
    """The stalls by kind and line, what took most time first."""
    found: dict[tuple[str, str, str], Group] = {}
    for stall in stalls:
        line = stall.lines[0] if stall.lines and stall.kind != "busy" else None
        key = stall.watched, stall.kind, str(line) if line else ""
        found.setdefault(key, Group(*key)).add(stall, line)
    return sorted(found.values(), key=lambda group: -group.seconds)


def sentence(group: Group) -> str:
    """What there is to say of a group."""
    times = (
        f"{group.stalls} stall{'s' * (group.stalls != 1)}, {group.seconds:.3f} s in all, longest {group.longest:.3f} s"
    )
    where = group.place or KINDS[group.kind]
    if group.place:
        where += f" ({group.seen} of {group.samples} samples{f', in {group.inside}' if group.inside else ''})"
    elif group.lines:
        where += ": " + ", ".join(f"{line} ({count})" for line, count in group.lines.most_common(5))
    routes = ", ".join(route for route, _ in group.routes.most_common(3))
    return f"{group.watched}, {group.kind}: {times}\n    {where}" + (f"\n    in {routes}" if routes else "")


COLUMNS = (
    "at", "pid", "watched", "kind", "seconds", "over", "line", "inside", "seen", "samples", "callbacks",
    "cpu", "process_cpu", "gc", "late", "route", "request", "in_flight", "waiting", "suspect",
)  # fmt: skip


def row(stall: Stall) -> list[object]:
    """A stall as a row of CSV, in the order of COLUMNS."""
    line = stall.lines[0] if stall.lines else None
    of_line = {"line": line, "inside": line and line.inside, "seen": line and line.count}
    return [of_line[name] if name in of_line else getattr(stall, name) for name in COLUMNS]
