"""Whether throughput at saturation is what the server can do, and what bounded it is named."""

from __future__ import annotations

from tandem.judge import bound, validity
from tandem.judge.bound import Bound
from tandem.records.block import Block
from tandem.records.setup import Load
from tests.selftest.bench import TOY, ToyBench, percent, saturating
from tests.selftest.story import Story

SECONDS = 4


def bounded(bench: ToyBench, load: Load, block: Block) -> Bound:
    """Judge what bounded the toy in one block."""
    [stack] = bench.rig.plan.stacks()
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
    assert block.failures == block.unfinished == block.unaccounted == 0
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
    assert block.failures == block.unaccounted == 0
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
