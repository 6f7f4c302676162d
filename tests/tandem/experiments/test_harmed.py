"""What blockers stand in, by stack and kind: how many queues there are, and how many places each has."""

from __future__ import annotations

import msgspec
import pytest

from tandem.experiments import harmed
from tandem.experiments.harmed import Queues
from tandem.judge.replay import Inside
from tandem.plan import stacks
from tandem.records.blocked import ENDLESS
from tests.support.lab import planned


@pytest.mark.parametrize(
    ("stack", "kind", "found"),
    [
        ("asgi", "sleep-in-handler", Queues(1, 1)),
        ("asgi", "wait", Queues(1, ENDLESS)),
        ("asgi", "hang", Queues(1, ENDLESS)),
        ("asgi", "pool-held", Queues(1, ENDLESS, Inside(16))),
        ("asgi", "threads-full", Queues(1, ENDLESS, Inside(40))),
        ("ladder-asgi-threads", "threads-full", Queues(1, ENDLESS, Inside(200))),
        ("asgi", "lock", Queues(1, ENDLESS, Inside(1, shared=True))),
        ("wsgi-gthread", "wait", Queues(1, 16)),
        ("wsgi-gthread", "pool-held", Queues(1, 16)),
        ("wsgi-gthread", "threads-full", Queues(1, 16)),
        ("wsgi-gthread", "lock", Queues(1, 16, Inside(1, shared=True))),
        ("wsgi-sync", "lock", Queues(1, 3, Inside(1, shared=True))),
        ("wsgi-gthread", "serialise", Queues(1, 1)),
        ("wsgi-sync", "serialise", Queues(1, 3)),
        ("wsgi-gthread", "idle-crowd", None),
        ("ladder-asgi", "ladder-sleep", Queues(1, 1)),
        ("ladder-asgi-thread", "ladder-sleep", Queues(1, 40)),
        ("ladder-asgi-threads", "ladder-sleep", Queues(1, 200)),
        ("ladder-asgi-processes", "ladder-sleep", Queues(2, 1)),
        ("ladder-asgi-workers", "ladder-sleep", None),
        ("ladder-wsgi-workers", "ladder-sleep", Queues(1, 4)),
        ("wsgi-gthread", "slow-sender", Queues(1, ENDLESS)),
    ],
)
def test_what_blockers_stand_in(stack: str, kind: str, found: Queues | None) -> None:
    blocking = next(load.blocking for load in planned("kinds", wanted=[kind]).loads if load.blocking)
    assert harmed.queues(stacks.load()[stack], [0], blocking) == found


def test_fewer_connections_than_slots_decide_where_one_process_has_both() -> None:
    blocking = next(load.blocking for load in planned("kinds", wanted=["pool-held"]).loads if load.blocking)
    gthread, workers = (stacks.load()[name] for name in ("wsgi-gthread", "wsgi-sync"))
    few = msgspec.structs.replace(gthread, environment={**gthread.environment, "READ_CONNECTIONS": "4"})
    assert harmed.queues(few, [0], blocking) == Queues(1, 16, Inside(4))
    several = msgspec.structs.replace(workers, slots_per_worker=8, threads=8)
    assert harmed.queues(several, [0], blocking) is None  # which of three processes has it, nobody knows


def test_on_postgresql_each_process_has_a_writer_of_its_own() -> None:
    plan = planned("kinds", wanted=["lock"], database="postgresql")
    assert {each.application.database.server for each in plan.definitions.values() if each.application.database} == {
        "postgresql"
    }
    blocking = next(load.blocking for load in plan.loads if load.blocking)
    assert harmed.queues(plan.definitions["asgi"], [0], blocking) == Queues(1, ENDLESS, Inside(1))
