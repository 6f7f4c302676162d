"""How much of a response time is nginx and generator, and what of a ratio it hides."""

from __future__ import annotations

import pytest

from tandem.judge import floor
from tandem.judge.metrics import CPU
from tandem.judge.summary import Summary, summarise
from tandem.judge.verdict import Ratio
from tests.support.synthetic import ASGI, calibration, synthesise


def ratio(summary: Summary, scenario: str, metric: str) -> Ratio:
    found = [c for c in summary.comparisons if (c.scenario, c.metric, c.stack) == (scenario, metric, ASGI)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(("share", "apps"), [(0.0, 1.2), (0.1, 1.1), (0.4, 0.7), (0.4, 1.2)])
def test_a_floor_that_both_have_is_taken_from_the_ratio_as_it_went_into_it(share: float, apps: float) -> None:
    diluted = share + (1 - share) * apps
    assert floor.apps_alone(diluted, share) == pytest.approx(apps)


@pytest.mark.parametrize(("seen", "share"), [(1.0, 0.51), (0.8, 0.41), (None, 0.2), (1.0, None), (0.3, 0.3)])
def test_no_ratio_where_too_little_is_left_to_compare(seen: float | None, share: float | None) -> None:
    assert floor.apps_alone(seen, share) is None


def test_the_floor_stands_beside_every_verdict_on_response_times() -> None:
    summary = summarise(synthesise(factors={(ASGI, "read", "p50"): 1.12}, calibration=calibration(floor_p50_ms=1.6)))
    judged = ratio(summary, "read", "p50")
    assert judged.floor is not None
    assert judged.floor.ms == 1.6
    assert judged.floor.share == pytest.approx(0.4, rel=0.05)
    assert judged.floor.apps_alone == pytest.approx(1.2, rel=0.05)
    assert ratio(summary, "read", CPU.key).floor is None


def test_percentiles_other_than_the_median_have_no_share() -> None:
    found = ratio(summarise(synthesise()), "read", "p99").floor
    assert found == floor.Floor(ms=0.9, share=None, apps_alone=None)


@pytest.mark.parametrize("given", [None, calibration(floor_p50_ms=None)])
def test_no_floor_where_none_was_measured(given: object) -> None:
    assert ratio(summarise(synthesise(calibration=given)), "read", "p50").floor is None


def test_no_floor_beside_what_got_no_verdict() -> None:
    assert ratio(summarise(synthesise(3)), "read", "p50").floor is None
