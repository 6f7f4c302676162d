"""Whether the capacity that is found is the one that the server has."""

from __future__ import annotations

from tandem import formats
from tandem.judge import capacity
from tandem.judge.course import Course
from tandem.records.capacity import Level, Try
from tandem.report.capacity import sentence
from tests.selftest.bench import TOY, ToyBench, load, ms, saturating
from tests.selftest.story import Story

KNEE, TARGET_MS, WARMUP, SECONDS = 400, 90, 0.5, 1.5
"""Two rates of a search lie beyond the knee within 7 %: at 405/s p99 is 26 ms, at 425/s 120 ms. The target lies between."""

MOST, NEEDED = 20, 12
"""Blocks: at most, and from how many that nothing spoiled on a search must have ended; a quiet machine needs eight."""


def test_a_knee(bench: ToyBench, tell: Story) -> None:
    """A server whose lock lets 400 requests per second through, and whose capacity is searched for as `tandem capacity` does."""
    [stack] = [each for each in bench.rig.plan.stacks() if each.name == TOY]
    level = Level(scenario="read", target_ms=TARGET_MS, waits_ms=0)
    course = Course(level, TOY, stack.budget, bound=450)
    while (rate := course.wanted()) is not None and course.blocks < MOST:
        # At equal distances: the queue of random arrivals differs too much from one try to the next in so short a block.
        tried = load(rate, SECONDS, warmup=WARMUP, arrivals="uniform") if rate else saturating(1)
        block = bench.block(tried, f"most_per_second={KNEE}").block
        course.add(Try(scenario="read", rate=rate, block=block))
    found = capacity.found(course)
    usable = sum(each.outcome in ("met", "missed") for each in course.tries)
    tell(
        did=f"Searched for the highest rate with p99 below {TARGET_MS} ms, {SECONDS:g} s at each, on a toy whose lock lets "
        f"{KNEE} through per second: beyond it the queue grows as long as the block lasts. Arrivals come at equal distances.",
        saw=[
            sentence(found),
            f"{usable} of {len(course.tries)} blocks could be used",
            *(f"{point.rate:g}/s: p99 {ms(point.p99_ms)}, {point.outcome or 'spoiled'}" for point in found.points),
        ],
        wrong=f"a bracket of which no part lies within 5 % of {KNEE}/s, or a search that doesn't end.",
    )
    met, missed = found.bracket.met, found.bracket.missed
    assert met is None or met <= 1.05 * KNEE, formats.rates(met, missed)
    # Only a machine that spoiled most of the blocks excuses a search that did not end.
    assert found.state == "settled" or usable < NEEDED
    if found.state == "settled":
        assert met is not None
        assert missed is not None
        assert met < missed
        assert missed >= 0.95 * KNEE
