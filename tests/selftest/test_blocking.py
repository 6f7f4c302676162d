"""Whether what blocks is seen, in full and no more: late requests per blocker against arithmetic."""

from __future__ import annotations

import msgspec

from tandem.judge import harm
from tandem.records.block import Block
from tandem.records.blocked import Blocked
from tandem.records.setup import Blocking, Load
from tests.selftest.bench import ToyBench, load, percent
from tests.selftest.story import Story

RATE, SLEEP, TARGET = 240.0, 0.2, 0.1  # per second, and seconds
PHASES = Blocking(
    kind="sleep in the handler", route="GET /lab/sleep", rate=1, milliseconds=1000 * SLEEP, before=2, on=6, after=3
)


def blocking(phases: Blocking = PHASES) -> Load:
    """A load whose bystanders come at equal distances: at random times their number alone would scatter by 6 %."""
    seconds = phases.before + phases.on + phases.after
    found = load(RATE, seconds, scenario="blocking", arrivals="uniform")
    return msgspec.structs.replace(found, blocking=phases)


def blocked(block: Block) -> Blocked:
    """What the block keeps of it."""
    assert block.blocked is not None
    return block.blocked


def test_late_requests_per_blocker(bench: ToyBench, tell: Story) -> None:
    """A server that sleeps for 200 ms once a second: as many late as arithmetic says; one that refuses to: not judged."""
    shorter = msgspec.structs.replace(PHASES, before=1, on=2, after=1)
    standing, refusing = bench.block(blocking()).block, bench.block(blocking(shorter), "refuse=1").block
    found, refused = blocked(standing), blocked(refusing)
    left = 1 - RATE * found.service_ms / 1000
    usual = (
        max(each.p50_ms or 0 for each in found.phases[0].routes) / 1000
    )  # without a queue: what is left of the target is less
    expected = RATE * (SLEEP - (TARGET - usual)) / left
    late = harm.late([found]) or 0.0
    assert found.predicted is not None
    replayed = found.predicted[1] / found.blockers
    refused_harm = harm.find(PHASES, RATE, [refused])
    assert refused_harm is not None
    tell(
        did=f"Served health checks and users by id, {RATE:g}/s at equal distances, with a toy that sleeps for 200 ms in its "
        "event loop when it is asked to, once a second for 6 s; then with one that refuses that at once.",
        saw=[
            f"{late:.1f} late requests per blocker; λ(D − T) ÷ r = {expected:.1f}, r = {left:.2f}; replayed: {replayed:.1f}",
            f"before anybody blocked {percent(found.phases[0].misses(1) / found.phases[0].arrivals)} were late; recovered after "
            f"{found.recovery} s; {found.completed} of {found.blockers} completed",
            f"refused: {refused.refused} of {refused.blockers}",
        ],
        wrong="a number of late requests more than 10 % away from arithmetic, or a verdict for the server that refuses.",
    )
    assert abs(late / expected - 1) < 0.1
    assert abs(replayed / expected - 1) < 0.1
    assert (found.blockers, found.completed, found.recovery) == (6, 6, 0)
    assert (refused.blockers, refused.completed, refused.refused) == (2, 0, 2)
    assert not refused_harm.completes
    assert standing.failures == standing.lost_or_duplicated == 0
