"""Whose CPU a sample of a server is."""

from __future__ import annotations

from typing import Any

import pytest

STACKS = {
    "store: units, statements, SQLite": (
        20,
        ["/here/userdb/rows.py", "/here/asgi_app/stores/sqlite.py", "/env/aiosqlite/core.py"],
    ),
    "Starlette": (30, ["/py/re/__init__.py", "/env/starlette/routing.py", "/env/uvicorn/server.py"]),
    "uvicorn, gunicorn": (10, ["/py/asyncio/streams.py", "/env/uvicorn/protocols/http.py", "/env/uvicorn/server.py"]),
    "the app: views, seam, bytes": (25, ["/py/json/__init__.py", "/here/asgi_app/api.py", "/env/starlette/routing.py"]),
    "event loop, and threads taking turns": (15, ["/py/asyncio/runners.py", "/env/uvicorn/server.py"]),
}
"""How often whose stack was seen, innermost frame first."""


def test_a_sample_belongs_to_the_innermost_layer(script: Any) -> None:
    written = "".join(
        number
        * "\n".join(["Stack (most recent call first):", *(f'  File "{file}", line 7 in call' for file in files), ""])
        for number, files in STACKS.values()
    )
    assert script("layers").shares(written) == {name: number / 100 for name, (number, _) in STACKS.items()}


def test_a_server_that_did_nothing_has_no_shares(script: Any) -> None:
    with pytest.raises(SystemExit, match="no thread"):
        script("layers").shares("")


def test_bars_are_as_long_as_what_a_read_costs(script: Any) -> None:
    layers = script("layers")
    found = {"slow": (400.0, {"Starlette": 0.75, layers.REST: 0.25}), "fast": (100.0, {"Starlette": 1.0})}
    assert 'width="525.0"' in (svg := layers.picture(found))
    assert svg.count('width="175.0"') == 2  # a quarter of one, and all of the other
    assert layers.table(found).splitlines()[2:] == [
        "| Starlette | 300 | 100 |",
        "| event loop, and threads taking turns | 100 | – |",
        "| all | 400 | 100 |",
    ]
