"""Every arrival of a run with its exact times, in 41 bytes each; a file of them for whoever computes with them.

Locust's own statistics round times to whole milliseconds or two digits.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

from openloop import format
from openloop.format import COLUMNS, OUTCOMES

LONGEST_TIME = 2**32 - 1
"""Microseconds that a time can have: more than an hour."""

TOGETHER = 64
"""So many are put into the columns at once: that costs less, and it takes no longer than a request does."""


class SampleColumns:
    """Arrivals in the order in which they ended."""

    def __init__(self) -> None:
        self._columns: dict[str, array[Any]] = {name: array(each.kept) for name, each in COLUMNS.items() if each.kept}
        self._latest: list[tuple[float, ...]] = []  # not in the columns yet
        self._routes: dict[str, int] = {}
        self._reasons: dict[str, int] = {"": 0}

    def __len__(self) -> int:
        return len(self._columns["arrival"]) + len(self._latest)

    @property
    def columns(self) -> dict[str, array[Any]]:
        """All of them, by name."""
        for column, values in zip(self._columns.values(), zip(*self._latest, strict=True), strict=False):
            column.extend(values)
        self._latest.clear()
        return self._columns

    def add(
        self,
        arrival: int,
        due: float,
        start_delay: int,
        service: int,
        in_flight: int,
        route: str,
        status: int,
        outcome: int,
        asked: int,
        reason: str = "",
    ) -> None:
        """Add one; `due` in seconds since the epoch, the other times in microseconds, `reason` says why it failed."""
        self._latest.append((
            arrival, due, min(start_delay, LONGEST_TIME), min(service, LONGEST_TIME), in_flight,
            _index(self._routes, route), status, outcome, asked,
            _index(self._reasons, " ".join(reason.splitlines())) if reason else 0,
        ))  # fmt: skip
        if len(self._latest) >= TOGETHER:
            _ = self.columns

    def packed(self) -> dict[str, Any]:
        """All of it in a form that can be sent to another process on this machine."""
        data: dict[str, Any] = {name: column.tobytes() for name, column in self.columns.items()}
        return {**data, "routes": list(self._routes), "reasons": list(self._reasons)}

    def add_packed(self, data: dict[str, Any]) -> None:
        """Add what another process packed."""
        routes = [_index(self._routes, route) for route in data["routes"]]
        reasons = [_index(self._reasons, reason) for reason in data["reasons"]]
        for name, column in self.columns.items():
            added: array[Any] = array(column.typecode)
            added.frombytes(data[name])
            names = {"route": routes, "reason": reasons}.get(name)
            column.extend(added if names is None else (names[index] for index in added))

    def rows(self) -> Iterable[tuple[object, ...]]:
        """One tuple per arrival, a value for each column of the file."""
        routes, reasons = list(self._routes), list(self._reasons)
        for arrival, due, delay, service, in_flight, route, status, outcome, asked, reason in zip(
            *self.columns.values(), strict=True
        ):
            times = (delay / 1000, service / 1000, (delay + service) / 1000)
            name, why = routes[route], reasons[reason]
            yield arrival, due, *times, in_flight, name, status, OUTCOMES[outcome], f"{asked:08x}", why

    def write(self, path: str) -> None:
        """Write the file, whole or not at all. Raises OSError."""
        format.write(path, self.rows())


def _index(known: dict[str, int], text: str) -> int:
    return known.setdefault(text, len(known))
