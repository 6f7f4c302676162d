"""What the page is told, as JSON: times in milliseconds since the laboratory began."""

from __future__ import annotations

import time
from typing import Any

from tandem.live import presses
from tandem.live.dots import IN_TIME_SECONDS, Dot
from tandem.live.laboratory import Laboratory, Runway, counted
from tandem.live.presses import LaneResult, Press

SECONDS_SHOWN = 12.0
"""Seconds of dots that a page gets that has none yet: what it shows, and a little more."""

RECENT = 10.0
"""Seconds over which the late ones of a lane are counted."""

LATE_SECONDS = 0.05
"""Seconds by which this process may be late before the page says so."""

Json = dict[str, Any]


def setup(laboratory: Laboratory) -> Json:
    """Return what doesn't change."""
    given = laboratory.setup
    return {
        "target_ms": 1000 * IN_TIME_SECONDS,
        "rate": given.rate,
        "shared": given.shared,
        "times": presses.TIMES,
        "numbers": presses.NUMBERS,
        "lanes": [
            {"name": lane.name, "title": lane.title, "processes": lane.processes, "slots": lane.slots} for lane in given.lanes
        ],
        "kinds": [
            {
                "name": name,
                "title": kind.title,
                "happens": kind.happens,
                "right": bool(kind.right),
                "unit": kind.amount,
                "amounts": [presses.batch(laboratory.kinds, name, True, times, 1).amount for times in presses.TIMES],
            }
            for name, kind in laboratory.kinds.items()
        ],
    }  # fmt: skip


def state(laboratory: Laboratory, since: list[int]) -> Json:
    """Return what has changed since: of each lane, all changes after that number."""
    now, lag = time.monotonic(), laboratory.lag
    laboratory.lag = 0.0
    seen = [*since, *[0] * len(laboratory.lanes)]
    return {
        "now": _ms(laboratory, now),
        "lag_ms": round(1000 * lag) if lag > LATE_SECONDS else 0,
        "lanes": [_lane(laboratory, each, change, now) for each, change in zip(laboratory.lanes, seen, strict=False)],
        "presses": [_press(laboratory, each, now) for each in laboratory.presses],
    }


def _ms(laboratory: Laboratory, at: float) -> float:
    return round(1000 * (at - laboratory.began), 1)


def _lane(laboratory: Laboratory, runway: Runway, change: int, now: float) -> Json:
    return {
        "changes": runway.dots.changes,
        "dots": [_dot(laboratory, dot) for dot in runway.dots.since(change, now - SECONDS_SHOWN)],
        "waiting": runway.dots.waiting(now),
        "recent": counted(runway.dots, now - RECENT, now, now),
        "usual_ms": round(1000 * runway.usual, 1),
    }


def _dot(laboratory: Laboratory, dot: Dot) -> list[float | None]:
    took = None if dot.answered is None else round(1000 * (dot.answered - dot.due), 1)
    return [dot.number, _ms(laboratory, dot.due), took, dot.status]


def _press(laboratory: Laboratory, press: Press, now: float) -> Json:
    batch = press.batch
    return {
        "id": press.id,
        "kind": batch.name,
        "title": batch.kind.title,
        "wrong": batch.wrong,
        "amount": batch.amount,
        "unit": batch.kind.amount,
        "number": batch.number,
        "start": _ms(laboratory, press.start),
        "over": press.over,
        "parts": [
            _part(laboratory, press, runway, part, now)
            for runway, part in zip(laboratory.lanes, press.parts, strict=True)
        ],
    }


def _part(laboratory: Laboratory, press: Press, runway: Runway, part: LaneResult, now: float) -> Json:
    return {
        "end": None if part.end is None else _ms(laboratory, part.end),
        "counted": part.counted or counted(runway.dots, press.start, part.end or now, now),
        "predicted": part.predicted,
        "completed": part.completed,
        "stood": part.stood,
    }


def predictions(laboratory: Laboratory, times: int, number: int) -> Json:
    """Return for each kind, done wrong and right, what is predicted of each lane; a sentence where it can't be pressed."""
    found: Json = {}
    for name, kind in laboratory.kinds.items():
        found[name] = {}
        for way in ("wrong", "right") if kind.right else ("wrong",):
            batch = presses.batch(laboratory.kinds, name, way == "wrong", times, number)
            too_long = laboratory.expected(batch) > presses.LONGEST_PRESS
            found[name][way] = {"lanes": [] if too_long else laboratory.predicted(batch), "too_long": too_long}
    return found
