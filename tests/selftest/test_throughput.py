"""Whether throughput at saturation is what the server can do, and what bounded it is named."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from tandem.judge import bound, validity
from tandem.judge.bound import Bound
from tandem.plan.order import RoundAttempt
from tandem.records.block import Block
from tandem.records.setup import Load
from tests.selftest import toy
from tests.selftest.bench import LEFT, RIGHT, TOY, ToyBench, percent, saturating
from tests.selftest.story import Story

SECONDS = 2


def bounded(bench: ToyBench, load: Load, block: Block) -> Bound:
    """Judge what bounded the toy in one block."""
    stack = bench.rig.plan.stacks()[0]
    found = bound.find(load, TOY, stack.budget, [block])
    assert found is not None
    return found


def undisturbed(block: Block) -> bool:
    """Tell whether nothing else used the machine: only then all of the server's throughput can be seen."""
    return validity.judge(block).level == "VALID"


def seen(block: Block, found: Bound) -> list[str]:
    """Say what a block shows."""
    return [
        f"{block.rate:.1f} good answers/s, {block.failures} failed; bounded by: {found.by}",
        f"the toy's CPU was {percent(found.cpu_share, 0)} busy, the generator's {percent(found.generator_share, 0)}, and nginx "
        f"held {percent(found.held_share, 0)} of the requests in flight",
    ]


def test_a_lock(bench: ToyBench, tell: Story) -> None:
    """A server whose lock lets 500 requests per second through, with 64 of them always in flight."""
    load = saturating(SECONDS)
    block = bench.block(load, "most_per_second=500").block
    found = bounded(bench, load, block)
    tell(
        did="Kept 64 requests in flight at a toy whose lock lets 500 through per second and burns no CPU.",
        saw=seen(block, found),
        wrong="less than 485 or more than 515 per second, a toy that is called bound by its CPU, or a generator that is.",
    )
    assert block.failures == block.unfinished == block.lost_or_duplicated == 0
    assert block.rate <= 515
    assert found.by != "cpu"
    if undisturbed(block):
        assert block.rate >= 485
        assert found.by == "something else"
        assert not found.at_least


def test_a_burner(bench: ToyBench, tell: Story) -> None:
    """A server that burns 5 ms of CPU for each answer: 200 per second at most, and its CPU is named."""
    load = saturating(SECONDS)
    block = bench.block(load, "burn_ms=5").block
    found = bounded(bench, load, block)
    tell(
        did="Kept 64 requests in flight at a toy that burns 5 ms of CPU for each answer.",
        saw=seen(block, found),
        wrong="more than 200 answers per second, or anything but its CPU named as what bounded it.",
    )
    assert block.failures == block.lost_or_duplicated == 0
    assert block.rate <= 206
    if undisturbed(block):
        assert found.by == "cpu"


def test_a_generator_that_is_the_limit(bench: ToyBench, tell: Story) -> None:
    """A static file that nginx serves faster than one Locust can ask: the value is "at least"."""
    load = saturating(SECONDS, scenario="floor")
    block = bench.block(load).block
    found = bounded(bench, load, block)
    tell(
        did="Kept 64 requests in flight at a static file of the toy's nginx.",
        saw=seen(block, found),
        wrong="a throughput that counts as nginx's own, although the generator could not ask for more.",
    )
    assert block.failures == 0
    assert found.at_least


BURNING = "while one burns"


@pytest.fixture(scope="module")
def in_turn(bench: ToyBench) -> dict[tuple[str, str], Block]:
    """Two toys whose locks let 500 per second through take turns; then one of them burns 5 % of a CPU all the time."""
    sliced = msgspec.structs.replace(saturating(2), scenario="in turn", slices=4)
    burning = msgspec.structs.replace(sliced, scenario=BURNING)
    with bench.pinned(), bench.rig.stacks([LEFT, RIGHT]) as stacks:
        for name in (LEFT, RIGHT):
            for load in (sliced, burning):
                stacks.prepare(name, load, load.scenario)
        stacks.start()
        ports = {name: each.running.port for name, each in stacks.benches.items()}
        for port in ports.values():
            toy.become(port, "most_per_second=500")
        blocks = stacks.measure(sliced, RoundAttempt(1))
        toy.become(ports[RIGHT], "most_per_second=500&burn_share=0.05")
        blocks += stacks.measure(burning, RoundAttempt(1))
    return {(block.scenario, block.stack): block for block in blocks}


def test_a_lock_in_slices(in_turn: dict[tuple[str, str], Block], tell: Story) -> None:
    """Two servers whose locks let 500 requests per second through take turns: each is seen at what it can do."""
    blocks = [block for (scenario, _), block in in_turn.items() if scenario != BURNING]
    parts = sorted((start, end, block.stack) for block in blocks for start, end in block.slices)
    tell(
        did="Had two toys take turns in slices of half a second, 64 requests in flight at the one whose turn it was.",
        saw=[
            *(f"{block.stack}: {block.rate:.1f} good answers/s in {len(block.slices)} slices" for block in blocks),
            f"while it slept each used at most {percent(max(block.sleepers_cpu_share or 0 for block in blocks), 2)} of a CPU",
        ],
        wrong="less than 485 or more than 515 per second, slices that overlap, or requests that were not the same.",
    )
    assert all(end <= start for (_, end, _), (start, _, _) in pairwise(parts))
    for block in blocks:
        assert len(block.slices) == 4
        assert block.failures == block.unfinished == block.lost_or_duplicated == block.mismatched_requests == 0
        assert block.drain_seconds > 0
        assert block.rate <= 515
        if undisturbed(block):
            assert block.rate >= 485


def test_a_stack_that_does_not_sleep(in_turn: dict[tuple[str, str], Block], tell: Story) -> None:
    """A stack that burns 5 % of a CPU while the other takes its turns makes the other's block INVALID, and is named."""
    disturbed, own = in_turn[BURNING, LEFT], in_turn[BURNING, RIGHT]
    causes = {cause.key: cause for cause in validity.judge(disturbed).causes}
    tell(
        did="Had the same toys take turns while one of them burned 5 % of a CPU all the time.",
        saw=[
            f"{disturbed.stack}: {causes['sleepers'].title if 'sleepers' in causes else 'nothing was said of it'}, "
            f"{percent(disturbed.sleepers_cpu_share, 2)}"
        ],
        wrong="a round that counts, or the wrong stack named.",
    )
    assert disturbed.sleeper == RIGHT
    assert causes["sleepers"].level == "INVALID"
    assert RIGHT in causes["sleepers"].title
    assert "sleepers" not in {cause.key for cause in validity.judge(own).causes}
