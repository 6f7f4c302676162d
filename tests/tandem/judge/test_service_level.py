"""The service level: what chance alone does, and what it takes to say that a stack can't serve its rate."""

from __future__ import annotations

import pytest

from tandem.judge import service_level
from tandem.rules import CONDEMN_ERROR, FAILED_LIMIT
from tests.selftest import false_alarms
from tests.selftest.false_alarms import OVERLOADED, SHAPES, Shape
from tests.support import queues, synthetic

RUNS = 3_000
WSGI_SYNC = SHAPES[1]


def test_all_tests_of_a_run_share_one_chance() -> None:
    run = synthetic.run()
    assert service_level.error(run) * service_level.TESTS * len(run.stacks) * len(run.loads) == pytest.approx(
        CONDEMN_ERROR
    )


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@pytest.mark.parametrize("utilisation", [None, 0.8])
def test_chance_condemns_no_stack_that_serves(shape: Shape, utilisation: float | None) -> None:
    """At most one run in a thousand may; at that rate as many alarms as this come once in a thousand times."""
    pool = false_alarms.serving(shape, utilisation, seed=1, count=1_500)
    _, now = false_alarms.alarms(shape, pool, RUNS, seed=2)
    assert now * RUNS * shape.pairs <= 1


def test_the_rule_of_before_condemned_a_perfect_server_in_three_runs_of_ten() -> None:
    """The error that the tests above would see: of every ten runs of `wsgi-sync` with 15/s and 2 s, three."""
    before, now = false_alarms.alarms(WSGI_SYNC, false_alarms.serving(WSGI_SYNC, None, 1, 1_500), RUNS, 2)
    assert 0.25 < before < 0.35
    assert now == 0


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_failures_within_the_limit_condemn_nobody_by_chance(shape: Shape) -> None:
    _, now = false_alarms.failures(shape, FAILED_LIMIT)
    assert false_alarms.of_run(shape, now) <= CONDEMN_ERROR


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_failures_far_beyond_the_limit_are_found(shape: Shape) -> None:
    _, now = false_alarms.failures(shape, 0.5)
    assert now > 0.9 or shape.rate * shape.seconds * shape.rounds < 20


@pytest.mark.parametrize(
    ("place", "utilisation", "least"), [(0, 2.0, 0.95), (0, 1.5, 0.6), (1, 1.2, 0.99), (2, 1.1, 0.99), (3, 1.1, 0.99)]
)
def test_a_stack_that_cannot_serve_is_found(place: int, utilisation: float, least: float) -> None:
    shape, servers = OVERLOADED[place]
    _, found = false_alarms.alarms(shape, false_alarms.overloaded(shape, servers, utilisation, 3, 300), 300, 4)
    assert found >= least


def test_a_stall_at_the_end_of_one_round_is_no_overload() -> None:
    """A stack that stood still for the last second of one window grew by 1.1 % of all arrivals, and serves its rate."""
    quiet = [[1, 2, 1, 0, 1, 2, 1, 1, 1]] * 8
    assert not service_level.piling_up([*quiet, [1, 2, 1, 0, 1, 2, 1, 1, 360]], 9 * 3600, 1e-5)


def test_the_queues_are_what_they_should_be() -> None:
    """M/M/1 at half load holds one request on average, M/D/∞ rate × time of them."""
    half = queues.blocks(100, 2, 1, 0.005, False, 2_000, 1)
    assert half.in_flight.mean() == pytest.approx(1.0, abs=0.1)
    assert half.arrivals.mean() == pytest.approx(200, rel=0.02)
    assert queues.blocks(15, 2, None, 0.1, True, 2_000, 1).in_flight.mean() == pytest.approx(1.5, rel=0.05)
