"""How requests fare that wait for something else: the lines `waiting`, `crowded` and `thousand` of `tuned.py`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from asking import Bench, Found, Served, reading, turn
from reached import Fact, Row

NEWS = "/api/users/{}/news"
HANDING = Path(__file__).parent / "handing"  # in PYTHONPATH: SQLAlchemy's pools then serve whoever has waited longest

Shown = dict[str, list[Found]]
Rows = list[Row | Fact]


def ratios(found: Shown, one: str, other: str, field: str) -> list[float]:
    """How one stands to the other, round by round."""
    return [
        getattr(mine, field) / getattr(theirs, field) for mine, theirs in zip(found[one], found[other], strict=True)
    ]


def in_front(
    served: dict[str, Served], seconds: float, path: str = "/api/users/{}", connections: int = 32, **more: float
) -> dict[str, Callable[[], Found]]:
    """Ask for something of each stack through nginx."""
    return {
        name: partial(turn, each.front, reading(10_000, path), connections=connections, seconds=seconds, **more)
        for name, each in served.items()
    }


def waiting(bench: Bench) -> tuple[Rows, Shown]:
    """News that take 100 ms, 256 in flight, with as many connections to the service (100 would bound it)."""
    more = {"NEWS_CONNECTIONS": "256"}
    with bench.stacks("wsgi-gthread", "asgi", "asgi-direct", more=more) as served, ExitStack() as exits:
        handing = exits.enter_context(bench.stacks("asgi", more={**more, "PYTHONPATH": str(HANDING)}))
        large = exits.enter_context(bench.stacks("asgi", more={**more, "READ_CONNECTIONS": "256"}))
        asked = {**served, "asgi, its pool handing over": handing["asgi"], "asgi, its pool of 256": large["asgi"]}
        found = bench.turns("waiting", in_front(asked, bench.seconds, NEWS, 256, before=1.5))
    rows: Rows = []
    for name, target in (("asgi", 4), ("asgi-direct", 7)):
        values = ratios(found, name, "wsgi-gthread", "rate")
        rows.append(Row(f"waiting, 256 in flight, throughput: {name} ÷ wsgi-gthread", values, target, at_most=False))
    return rows + fair(found, "waiting, 256 in flight"), found


def fair(found: Shown, what: str) -> Rows:
    """Whether nobody waits much longer than others."""
    return [
        Row(f"{what}, p99.9 ÷ p50: {name}", [each.p999_ms / each.p50_ms for each in values], 4, at_most=True)
        for name, values in found.items()
        if name.startswith("asgi")
    ]


def crowded(bench: Bench) -> tuple[Rows, Shown]:
    """The same with 1,000 in flight, which no CPU here serves in 100 ms: who waits behind whom, and who is let in."""
    more, all_let_in = {"NEWS_CONNECTIONS": "1000", "NEWS_TIMEOUT": "30"}, "asgi_app.server:Loop"
    handing = {**more, "PYTHONPATH": str(HANDING)}
    with bench.stacks("asgi", "asgi-direct", more=more) as asked, ExitStack() as exits:
        for name, stack, settings, loop in (
            ("asgi-direct on uvloop as it is", "asgi-direct", more, "uvloop"),
            ("asgi, its pool handing over", "asgi", handing, "uvloop"),
            ("asgi, its pool handing over, all let in", "asgi", handing, all_let_in),
        ):
            asked[name] = exits.enter_context(bench.stacks(stack, more=settings, loop=loop))[stack]
        found = bench.turns("crowded", in_front(asked, max(bench.seconds, 5), NEWS, 1000, before=4))
    return fair(found, "1,000 in flight on 100 ms"), found


def thousand(bench: Bench) -> tuple[Rows, Shown]:
    """1,000 in flight on news that take 1 s, with as many connections to the service as there are requests."""
    more = {"NEWS_CONNECTIONS": "1000", "NEWS_TIMEOUT": "30"}
    with bench.stacks("asgi", "asgi-direct", delay=1, more=more) as served:
        how = partial(turn, asks=reading(10_000, NEWS), connections=1000, seconds=max(bench.seconds, 5), before=3)
        asked = {name: partial(how, each.alone) for name, each in served.items()}
        found = bench.turns("thousand", asked)
    rows: Rows = []
    for name, values in found.items():
        what = "1,000 in flight on 1 s"
        rows.append(Row(f"{what}, p99, ms: {name}", [each.p99_ms for each in values], 1250, at_most=True))
        rows.append(Row(f"{what}, memory, MB: {name}", [each.memory_mb for each in values], 150, at_most=True))
    return rows + fair(found, "1,000 in flight on 1 s"), found
