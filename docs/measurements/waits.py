"""How requests fare that wait for something else: the lines `waiting`, `crowded`, `accepting` and `thousand` of `tuned.py`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec
from asking import Bench, Change, Found, Served, reading, turn
from reached import Fact, Row

from tandem.plan.definition import Definition

NEWS = "/api/users/{}/news"
HANDING = Path(__file__).parent / "handing"  # in PYTHONPATH: SQLAlchemy's pools then serve whoever has waited longest

UVLOOP, ALL_LET_IN = "uvloop", "asgi_app.server:Loop"

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


def on_loop(loop: str, kept: int = 64) -> Change:
    """A stack of uvicorn with this event loop, of whose connections nginx keeps so many."""

    def changed(stack: Definition) -> Definition:
        words = [loop if before == "--loop" else word for before, word in pairwise(["", *stack.command])]
        return msgspec.structs.replace(stack, command=words, upstream_keepalive=kept)

    return changed


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
    more = {"NEWS_CONNECTIONS": "1000", "NEWS_TIMEOUT": "30"}
    handing = {**more, "PYTHONPATH": str(HANDING)}
    with bench.stacks("asgi", "asgi-direct", more=more) as asked, ExitStack() as exits:
        for name, stack, settings, loop in (
            ("asgi-direct on uvloop as it is", "asgi-direct", more, UVLOOP),
            ("asgi, its pool handing over", "asgi", handing, UVLOOP),
            ("asgi, its pool handing over, all let in", "asgi", handing, ALL_LET_IN),
        ):
            asked[name] = exits.enter_context(bench.stacks(stack, more=settings, change=on_loop(loop)))[stack]
        found = bench.turns("crowded", in_front(asked, max(bench.seconds, 5), NEWS, 1000, before=4))
    return fair(found, "1,000 in flight on 100 ms"), found


def accepting(bench: Bench) -> tuple[Rows, Shown]:
    """The same of `asgi-direct` on both loops, with as many connections kept by nginx as usual and 1,024, and without nginx."""
    more, asked = {"NEWS_CONNECTIONS": "1000", "NEWS_TIMEOUT": "30"}, dict[str, Callable[[], Found]]()
    with ExitStack() as exits:
        for kept in (64, 1024):
            for loop in (UVLOOP, ALL_LET_IN):
                stacks = bench.stacks("asgi-direct", more=more, change=on_loop(loop, kept))
                served = exits.enter_context(stacks)["asgi-direct"]
                how = partial(turn, asks=reading(10_000, NEWS), connections=1000, seconds=bench.seconds, before=4)
                asked[f"asgi-direct, {kept} kept, {loop}"] = partial(how, served.front)
                if kept == 64:
                    asked[f"asgi-direct, without nginx, {loop}"] = partial(how, served.alone)
        found = bench.turns("accepting", asked)
    rows = fair(found, "1,000 in flight on 100 ms")
    for place in ("64 kept", "1024 kept", "without nginx"):
        one, other = (f"asgi-direct, {place}, {loop}" for loop in (ALL_LET_IN, UVLOOP))
        what = f"1,000 in flight on 100 ms, throughput, {place}: all let in ÷ uvloop"
        rows.append(Row(what, ratios(found, one, other, "rate"), 0.95, at_most=False))
    return rows, found


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
