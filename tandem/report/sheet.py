"""Sheet: a table as text, as the page places it."""

from __future__ import annotations

import msgspec


class Sheet(msgspec.Struct, frozen=True):
    """Rows under a head; the first cell of each row is its heading."""

    caption: str
    head: list[str]
    rows: list[list[str]]
