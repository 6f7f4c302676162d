"""Every request of a run with its exact times, in 26 bytes each; a file of them for whoever computes with them.

Locust's own statistics round times to whole milliseconds or two digits, and know nothing of requests that were still
waiting when the run ended.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import os
from array import array
from collections.abc import Iterable
from typing import Any

HEADER = ["start", "response_ms", "route", "status", "outcome", "reason"]
COLUMNS = {"start": "d", "response": "d", "route": "H", "status": "H", "reason": "I"}
OK, UNFINISHED = 0, 1
"""The first two reasons; every other one is why a request failed."""


class Samples:
    """Requests in the order in which they ended."""

    def __init__(self) -> None:
        self.columns: dict[str, array[Any]] = {name: array(code) for name, code in COLUMNS.items()}
        self._routes: dict[str, int] = {}
        self._reasons: dict[str, int] = {"": OK, "unfinished": UNFINISHED}

    def __len__(self) -> int:
        return len(self.columns["start"])

    @property
    def unfinished(self) -> int:
        """How many never got an answer."""
        return self.columns["reason"].count(UNFINISHED)

    def add(self, start: float, response_ms: float, route: str, status: int, failure: str = "") -> None:
        """Add a finished request; `start` in seconds since the epoch; `failure` says why it failed, if it did."""
        self._append(start, response_ms, route, status, _index(self._reasons, failure) if failure else OK)

    def add_unfinished(self, start: float, age_ms: float, route: str) -> None:
        """Add a request that was broken off at this age."""
        self._append(start, age_ms, route, 0, UNFINISHED)

    def _append(self, start: float, response_ms: float, route: str, status: int, reason: int) -> None:
        columns = self.columns
        columns["start"].append(start)
        columns["response"].append(response_ms)
        columns["route"].append(_index(self._routes, route))
        columns["status"].append(status)
        columns["reason"].append(reason)

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

    def rows(self) -> Iterable[tuple[str, str, str, int, str, str]]:
        """One tuple per request, in the order of HEADER."""
        routes, reasons = list(self._routes), list(self._reasons)
        outcomes = ["ok", "unfinished"]
        for start, response, route, status, reason in zip(*self.columns.values(), strict=True):
            outcome, why = (outcomes[reason], "") if reason <= UNFINISHED else ("failed", reasons[reason])
            yield f"{start:.6f}", f"{response:.3f}", routes[route], status, outcome, why

    def write(self, path: str) -> None:
        """Write the file, whole or not at all. Raises OSError."""
        partial = f"{path}.partial"
        try:
            with gzip.open(partial, "wt", compresslevel=3, encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(HEADER)
                writer.writerows(self.rows())
            os.replace(partial, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(partial)
            raise


def _index(known: dict[str, int], text: str) -> int:
    return known.setdefault(text, len(known))
