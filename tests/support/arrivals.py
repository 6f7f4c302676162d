"""Samples that a test makes: row by row, of arrivals that were answered, failed, were dropped or never ended, or by columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from openloop import format
from openloop.format import Samples


def arrival(number: int, due: float, **changes: Any) -> dict[str, Any]:
    """Return a row: sent 1 ms after it was due, answered 10 ms after it was due."""
    row = {"arrival": number, "due": due, "start_delay_ms": 1.0, "service_ms": 9.0, "response_ms": 10.0, "in_flight": 0,
           "route": "GET /x", "status": 200, "outcome": "ok", "asked": f"{number:08x}", "reason": ""}  # fmt: skip
    return {**row, **changes}


def table(*rows: dict[str, Any]) -> Samples:
    found = Samples.empty()
    for row in rows:
        for name, value in row.items():
            getattr(found, name).append(value)
    return found


def failed(number: int, due: float, **changes: Any) -> dict[str, Any]:
    return arrival(number, due, **{"outcome": "failed", "status": 502, "reason": "bad gateway", **changes})


def unfinished(number: int, due: float, age: float = 5000.0) -> dict[str, Any]:
    return arrival(number, due, outcome="unfinished", status=0, response_ms=age, service_ms=age - 1)


def dropped(number: int, due: float) -> dict[str, Any]:
    return arrival(number, due, outcome="dropped", status=0, start_delay_ms=0.0, service_ms=0.0, response_ms=0.0,
                   in_flight=1000, asked=format.INCOMPARABLE)  # fmt: skip


def samples(
    numbers: Iterable[int], due: Iterable[float], times: Sequence[float], *, delay: float = 0.0, in_flight: int = 1,
    **columns: list[Any],
) -> Samples:  # fmt: skip
    """Return samples of arrivals that were answered in so many milliseconds each, all sent with this delay, also in
    milliseconds; `columns` says what else is not as usual.
    """
    many = len(times)
    usual: dict[str, list[Any]] = {
        "route": ["GET /x"] * many, "status": [200] * many, "outcome": ["ok"] * many, "asked": ["1a2b3c4d"] * many,
        "reason": [""] * many,
    }  # fmt: skip
    given: dict[str, Any] = {**usual, **columns}
    return Samples(
        arrival=array("q", numbers), due=array("d", due), start_delay_ms=array("d", [delay] * many),
        service_ms=array("d", (time - delay for time in times)), response_ms=array("d", times),
        in_flight=array("q", [in_flight] * many), **{**given, "status": array("q", given["status"])},
    )  # fmt: skip
