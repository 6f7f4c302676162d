"""Verdicts: each of them, made of ratios and differences."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from tandem.judge.metrics import Metric
from tandem.judge.reasons import Reason
from tandem.records.block import Block
from tests.support.synthetic import synthesise
from tests.support.verdicts import judge


def around(centre: float, spread: float, rounds: int = 9) -> list[float]:
    return [centre * math.exp(spread * (index - (rounds - 1) / 2)) for index in range(rounds)]


@pytest.mark.parametrize(
    ("ratios", "metric", "verdict"),
    [
        (around(0.80, 0.01), "cpu", "better"),
        (around(1.25, 0.01), "cpu", "worse"),
        (around(1.25, 0.01), "p50", "worse"),
        (around(1.25, 0.01), "p99", "worse"),
        (around(1.15, 0.01), "p99", "no practical difference"),
        (around(1.15, 0.01), "memory", "worse"),
        (around(1.00, 0.01), "cpu", "no practical difference"),
        (around(1.05, 0.001), "cpu", "no practical difference"),  # the interval excludes 1, the effect doesn't matter
        (around(1.09, 0.01), "cpu", "undecided"),
        (around(1.30, 0.20), "cpu", "undecided"),
        (around(1.25, 0.01, rounds=8), "cpu", "not judged"),  # 8 rounds can't give verdicts to 7 ratios
    ],
)
def test_the_verdicts(ratios: list[float], metric: str, verdict: str) -> None:
    assert judge(ratios, metric).verdict == verdict


def row(**changes: Any) -> Metric:
    """Return a metric that no scenario has yet."""
    facts: dict[str, Any] = {
        "key": "new", "title": "a new metric", "unit": "/s", "delta": 0.10, "of": lambda block: block.rate,
        "show": str, "field": "rate",
    }  # fmt: skip
    return Metric(**{**facts, **changes})


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        (around(1.25, 0.01), "better"),
        (around(0.80, 0.01), "worse"),
        (around(1.0, 0.01), "no practical difference"),
        (around(1.09, 0.01), "undecided"),
    ],
)
def test_more_is_better_of_some(ratios: list[float], verdict: str) -> None:
    assert judge(ratios, row(higher_is_better=True)).verdict == verdict


def shifted(centre: float) -> list[float]:
    """Nine differences around a centre, also around none at all."""
    return [centre + 0.1 * (index - 4) for index in range(9)]


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        (shifted(6), "worse"),
        (shifted(-6), "better"),
        ([0.0] * 9, "no practical difference"),
        (shifted(0), "no practical difference"),
        (shifted(5), "undecided"),
    ],
)
def test_what_may_be_zero_is_judged_as_a_difference(differences: list[float], verdict: str) -> None:
    found = judge(differences, row(compared="difference", delta=5, unit="requests"))
    assert found.verdict == verdict
    assert found.estimate == pytest.approx(differences[4])
    assert found.decided_by is not None
    assert found.decided_by.low <= differences[4] <= found.decided_by.high
    assert found.smallest == pytest.approx(5)


def test_a_block_s_zero_makes_a_difference_and_no_ratio() -> None:
    ours, theirs = [block for block in synthesise() if isinstance(block, Block)][:2]
    silent, rate = msgspec.structs.replace(ours, rate=0.0), theirs.rate
    assert row().compare(silent, theirs) is None
    assert row(compared="difference").compare(silent, theirs) == -rate


def test_the_verdicts_don_t_depend_on_which_side_is_the_baseline() -> None:
    opposite = {"better": "worse", "worse": "better"}
    for centre in (0.5, 0.905, 0.912, 1.0, 1.05, 1.099, 1.101, 2.0):
        there, back = judge(around(centre, 0.0001)), judge([1 / ratio for ratio in around(centre, 0.0001)])
        assert back.verdict == opposite.get(there.verdict, there.verdict)


@pytest.mark.parametrize(
    ("ratios", "level"),
    [(around(1.0, 0.01), 0.9), (around(1.25, 0.01), 1 - 0.05 / 7), (around(1.09, 0.02), 1 - 0.05 / 7)],
)
def test_the_interval_that_is_shown_is_the_one_that_decided(ratios: list[float], level: float) -> None:
    found = judge(ratios)
    assert found.decided_by is not None
    assert found.decided_by.level == pytest.approx(level)
    assert found.decided_by == (found.narrow if level == 0.9 else found.adjusted)


def test_a_wide_interval_does_not_stand_beside_no_practical_difference() -> None:
    """The adjusted one reaches beyond δ, the 90 % one, on which the verdict is decided, does not."""
    found = judge(around(1.0, 0.025))
    assert found.verdict == "no practical difference"
    assert found.adjusted is not None
    assert found.decided_by is not None
    assert found.adjusted.high > 1 + found.delta > found.decided_by.high


def test_the_confidence_is_shared_by_the_family() -> None:
    ratios = around(1.1, 0.02)
    one, seven = judge(ratios, headlines=1), judge(ratios, headlines=7)
    assert one.confidence == pytest.approx(0.95)
    assert seven.confidence == pytest.approx(1 - 0.05 / 7)
    assert one.adjusted is not None
    assert seven.adjusted is not None
    assert seven.adjusted.low < one.adjusted.low


def test_undecided_says_what_it_could_have_seen() -> None:
    found = judge(around(1.30, 0.20))
    assert found.smallest is not None
    assert found.smallest > 1.5
    assert judge(around(found.smallest * 1.01, 0.20)).verdict == "worse"
    assert judge(around(found.smallest * 0.99, 0.20)).verdict == "undecided"
    assert judge(around(1.0, 0.001)).smallest == pytest.approx(1.10)  # never less than δ


def test_quick_runs_never_say_no_practical_difference() -> None:
    found = judge(around(1.0, 0.001), quick=True)
    assert (found.verdict, found.reason) == ("undecided", Reason(code="equality in a quick run"))
    assert judge(around(1.5, 0.01), quick=True).verdict == "worse"


def test_a_reason_overrules_the_numbers() -> None:
    found = judge(around(2.0, 0.01), not_judged=Reason(code="no decoy"))
    assert (found.verdict, found.reason) == ("not judged", Reason(code="no decoy"))
    assert found.decided_by is not None  # the numbers stay visible
