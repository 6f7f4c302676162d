"""The laboratory as tests need it: its routes, the rows of lab.toml, its plans, and a news service as slow as it is told."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asgi_app import lab_routes
from tandem.launch import newsstub
from tandem.plan import lab as plans
from tandem.plan import lab_parts, stacks
from tandem.plan.run import Plan
from tests.support.news import news_service
from userdb.settings import from_environment

_ALL: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[2] / "loadtest" / "lab.toml").read_text("utf-8")
)
ROWS = {name: row for name, row in _ALL.items() if "part" not in row}
"""The kinds of blocker; those of the ladder ask for the same in another way."""

PATHS = sorted(lab_routes.routes(from_environment({})))

LIKE = {
    "/lab/compute-in-thread": "/lab/compute",
    "/lab/password-in-thread": "/lab/password",
    "/lab/ladder/sleep": "/lab/sleep",
    "/lab/ladder/password": "/lab/password",
}
"""Steps between wrong and right, which take the same as the first of them, and the rungs of the ladder."""

LITTLE = {"ms": 2, "times": 1, "items": 3, "objects": 5}


def row(path: str) -> dict[str, Any]:
    """The row that has this path; none for a bystander's."""
    wanted = LIKE.get(path, path)
    return next((row for row in _ALL.values() if wanted in (row["wrong"], row.get("right"))), {})


def target(path: str, amount: int | None = None) -> str:
    """What a test asks for: so much of it, or little."""
    name = row(path).get("amount")
    return f"{path}?{name}={amount or LITTLE[name]}" if name else path


def planned(part: str = "headline", **given: Any) -> Plan:
    """The plan of a laboratory run."""
    return plans.plan(lab_parts.PARTS[part], stacks.load(), **{"seed": 1, **given})


@contextmanager
def slow_news() -> Iterator[str]:
    """A news service that waits for `delay` seconds; gives its URL."""

    def reply(query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        release.wait(float(query.get("delay", 0)))
        return 200, newsstub.news(query["user"])

    with news_service(reply) as url:
        yield url
