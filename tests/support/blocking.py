"""Records of a run with blockers: a loop that stands and a pool that does not notice, as if they had been measured."""

from __future__ import annotations

from typing import Any

import msgspec

from openloop.format import Samples
from tandem.records.block import Block
from tandem.records.blocked import Blocked, Phase, RouteInPhase
from tandem.records.journal import Record
from tandem.records.setup import Blocking, Headline, Load
from tests.support import arrivals, synthetic
from tests.support.synthetic import ASGI

ROUTES = ("GET /api/users/{id}", "GET /healthz")
RATE = 240.0
QUESTION = "What happens to everyone else when something blocks?"

BLOCKING = Blocking(
    kind="sleep in the handler", route="GET /lab/sleep", rate=2, milliseconds=200, before=3, on=4, after=3
)


def load(**changes: Any) -> Load:
    """How the scenario is driven."""
    facts = {
        "scenario": "blocking", "rate": RATE, "seconds": 10.0, "blocking": BLOCKING,
        "situation": "Blocking libraries you can't replace",
    }  # fmt: skip
    return synthetic.load(**{**facts, **changes})


def blocked(late: int, usual: int = 0, **changes: Any) -> Blocked:
    """So many late per blocker, on both routes together; `usual` of a hundred are late without any."""
    facts: dict[str, Any] = {
        "phases": [_phase(0, 3, 0, usual), _phase(3, 7, 4 * late, usual), _phase(7, 10, 0, usual)],
        "blockers": 8, "completed": 8, "refused": 0, "blocker_p50_ms": 202.0, "recovery": 0.0, "relapses": 0,
        "predicted": [9 * late, 8 * late, 0], "service_ms": 0.6, "queues": 1, "places": 1,
    }  # fmt: skip
    return Blocked(**{**facts, **changes})


def _phase(start: int, end: int, late: int, usual: int) -> Phase:
    arrivals = 120 * (end - start)
    missed = late + arrivals * usual // 100
    routes = [
        RouteInPhase(
            route=route,
            arrivals=arrivals,
            misses=[missed, missed, 0],
            p50_ms=1.2,
            p99_ms=190.0 if late else 3.0,
            max_ms=204.0,
        )
        for route in ROUTES
    ]
    return Phase(start=start, end=end, routes=routes, dispatch_lag_p99_ms=0.3)


def records(
    late: dict[str, int] | None = None, rounds: int = 7, decoy: bool = False, edit: synthetic.Change = lambda block: None,
    **changes: Any,
) -> list[Record]:  # fmt: skip
    """A run in which each blocker makes so many late on each stack: 28 on asgi and none elsewhere, unless given."""
    found = {ASGI: 28} if late is None else late

    def change(block: dict[str, Any]) -> None:
        block["blocked"] = blocked(found.get(block["stack"], 0))
        edit(block)

    facts: dict[str, Any] = {
        "profile": "quick", "loads": [load(decoy=decoy)], "headlines": [Headline(scenario="blocking", metric="late")],
    }  # fmt: skip
    return synthetic.synthesise(rounds, change=change, **{**facts, **changes})


def placed(block: Block) -> Block:
    """The block with its window where its raw samples are."""
    return msgspec.structs.replace(
        block, window_start=synthetic.START, window_end=synthetic.START + 10, arrivals=2400, requests=2400
    )


def raw_samples(stands: bool) -> Samples:
    """Samples of a window on a stack that stands while something blocks, or does not notice."""
    blockers = [3 + number / 2 for number in range(8)]
    rows = [(number, number / RATE, 1.2, ROUTES[number % 2]) for number in range(2400)]
    if stands:
        rows = [(number, due, _standing(due, blockers), route) for number, due, _, route in rows]
    rows += [(-1 - place, due, 202.0, BLOCKING.route) for place, due in enumerate(blockers)]
    return arrivals.samples(
        [number for number, *_ in rows], [synthetic.START + due for _, due, _, _ in rows], [ms for _, _, ms, _ in rows],
        delay=0.05, route=[route for *_, route in rows],
    )  # fmt: skip


def _standing(due: float, blockers: list[float]) -> float:
    since = min((due - at for at in blockers if at <= due < at + 0.2), default=None)
    return 1.2 if since is None else 1000 * (0.2 - since) + 1.2
