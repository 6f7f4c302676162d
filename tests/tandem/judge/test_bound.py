"""What bounded a stack at saturation."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem.judge import bound, validity, verdict
from tandem.judge.metrics import THROUGHPUT
from tandem.records.block import Block
from tandem.records.setup import Budget
from tests.support import synthetic

SECONDS, IN_FLIGHT = 4.0, 64


def budget(slots: int | None, news: int = 256) -> Budget:
    return Budget(cpus=1, processes=1, threads=slots or 1, slots=slots, database_connections=5, news_connections=news)


def found(
    *,
    slots: int | None,
    cpu: float,
    generator: float,
    rate: float,
    held: float | None,
    wait: float | None = None,
    database: float | None = None,
) -> bound.Bound:
    """Judge one block with these shares; `held` is the share of the requests in flight that nginx held."""
    load = synthetic.load("read", arrivals="closed", rate=0.0, in_flight=IN_FLIGHT, seconds=SECONDS, news_seconds=wait)
    nginx_mean = None if held is None else 1000 * held * IN_FLIGHT / rate

    def change(block: dict[str, Any]) -> None:
        block.update(
            seconds=SECONDS, rate=rate, requests=round(rate * SECONDS), arrivals=round(rate * SECONDS), saturating=IN_FLIGHT,
            app_cpu_seconds=cpu * SECONDS, nginx_cpu_seconds=0.0,
            database_cpu_seconds=None if database is None else database * SECONDS,
            interference=synthetic.interference(generator_cpu_share=generator),
            diagnostics=msgspec.structs.replace(block["diagnostics"], nginx_mean_ms=nginx_mean),
        )  # fmt: skip

    blocks = [block for block in synthetic.synthesise(3, change=change) if isinstance(block, Block)]
    result = bound.find(load, "a", budget(slots), blocks)
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("given", "by", "places"),
    [
        ({"slots": 16, "cpu": 0.99, "generator": 0.5, "rate": 900, "held": 1.0}, "cpu", None),
        ({"slots": 16, "cpu": 0.97, "generator": 0.95, "rate": 900, "held": 1.0}, "cpu", None),
        ({"slots": 16, "cpu": 0.74, "generator": 0.5, "rate": 468, "held": 1.0, "database": 0.22}, "cpu", None),
        ({"slots": 16, "cpu": 0.74, "generator": 0.5, "rate": 468, "held": 1.0, "database": 0.02}, "slots", 16),
        ({"slots": 16, "cpu": 0.9, "generator": 0.95, "rate": 900, "held": 1.0}, "generator", None),
        ({"slots": 16, "cpu": 0.3, "generator": 0.2, "rate": 158, "held": 1.0, "wait": 0.1}, "slots", 16),
        (
            {"slots": None, "cpu": 0.5, "generator": 0.2, "rate": 2500, "held": 1.0, "wait": 0.1},
            "news connections",
            256,
        ),
        ({"slots": None, "cpu": 0.2, "generator": 0.2, "rate": 500, "held": 0.99}, "something else", None),
        ({"slots": 16, "cpu": 0.2, "generator": 0.2, "rate": 500, "held": None}, "slots", 16),
        ({"slots": None, "cpu": 0.2, "generator": 0.2, "rate": 500, "held": 0.1}, "generator", None),
    ],
)
def test_what_bounded_a_stack(given: dict[str, Any], by: str, places: int | None) -> None:
    result = found(**given)
    assert (result.by, result.places, result.at_least) == (by, places, by == "generator")


def test_a_load_at_a_rate_and_a_stack_that_answers_nothing_have_no_bound() -> None:
    assert bound.find(synthetic.load("read"), "a", budget(16), []) is None
    assert bound.find(synthetic.load("read", arrivals="closed", rate=0.0), "a", budget(16), []) is None


def test_a_full_generator_spoils_no_block_that_saturates() -> None:
    around = synthetic.interference(generator_cpu_share=0.99)

    def level(**changes: Any) -> str:
        blocks = synthetic.synthesise(1, change=lambda block: block.update(interference=around, **changes))
        return validity.judge(next(block for block in blocks if isinstance(block, Block))).level

    assert (level(), level(saturating=64)) == ("INVALID", "VALID")


@pytest.mark.parametrize(
    ("ratio", "at_least", "expected"),
    [
        (1.5, [], "better"),
        (1.5, ["b"], "better"),
        (1.5, ["a"], "undecided"),
        (0.6, ["b"], "undecided"),
        (0.6, ["a"], "worse"),
        (1.0, ["a"], "undecided"),
        (1.0, [], "no practical difference"),
        (1.5, ["a", "b"], "undecided"),
    ],
)
def test_only_a_side_that_the_generator_did_not_limit_can_be_worse(
    ratio: float, at_least: list[str], expected: str
) -> None:
    ratios = {number: ratio * (1 + 0.001 * (number % 3)) for number in range(1, 10)}
    judged = verdict.compare(
        ratios, scenario="read at saturation", metric=THROUGHPUT, stack="b", baseline="a", kind="headline", headlines=1,
        not_judged=None, quick=False, at_least=at_least,
    )  # fmt: skip
    assert judged.verdict == expected
    assert bool(judged.reason) == (expected == "undecided")
