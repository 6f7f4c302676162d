"""Access: what nginx says of each request, as a third witness beside the app and the generator: when it came, its id, what the
app took until its answer began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LOG_FIELDS = (
    "$msec", "$request_time", "$request_id", "$status", "$request_method", "$uri_begin", "$upstream_connect_time",
    "$upstream_header_time", "$upstream_addr",
)  # fmt: skip
"""Of a line of its log, between tabs. While an app stands the kernel still accepts for it: the time to connect stays near 0,
and the queue shows in the time to the header alone.
"""


class Asked(NamedTuple):
    """One request as nginx saw it; times in seconds, moments since the epoch, known to the millisecond."""

    start: float
    end: float
    id: str
    status: str
    method: str
    path: str  # without its query
    header: float | None  # from its beginning to that of the app's answer; None: the app gave none

    def is_of(self, route: str) -> bool:
        """Tell whether it asked for a route, such as `GET /entries/{id}`."""
        return _pattern(route).fullmatch(f"{self.method} {self.path}") is not None


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^}]*\}", route))))


def lines(text: str) -> Iterator[Asked]:
    """Yield the requests of a log; lines that are none, such as one that was cut off, are left out."""
    for line in text.split("\n"):
        cells = line.split("\t")
        if len(cells) != len(LOG_FIELDS):
            continue
        ended, took, header = (_number(cells[place]) for place in (0, 1, 7))
        if ended is not None and took is not None:
            yield Asked(ended - took, ended, cells[2], cells[3], cells[4], cells[5].partition("?")[0], header)


def _number(cell: str) -> float | None:
    """Return the last of the numbers in a cell: where nginx asked several servers the last one answered."""
    try:
        found = float(cell.rpartition(",")[2])
    except ValueError:
        return None
    return found if 0 <= found < 1e12 else None
