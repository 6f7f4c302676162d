"""How far late requests are from the prediction, and that what explains it is what was put in, else nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem.judge.deviation import Deviation
from tandem.judge.summary import summarise
from tandem.records.setup import Blocking
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI, WSGI


def deviation(late: int = 28, stack: str = ASGI, kind: Blocking = blocking.BLOCKING, **changes: Any) -> Deviation:
    """A run whose asgi has so many late per blocker where 28 are predicted; `changes` are those of its blocks or of `blocked`."""
    given = {name: changes.pop(name) for name in list(changes) if name in ("interference", "app_cpu_seconds")}

    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI:
            block["blocked"] = blocking.blocked(late, **{"predicted": [250, 28 * 8, 0], **changes})
            block.update(given)

    load = blocking.load(decoy=False, blocking=kind)
    summary = summarise(blocking.records(edit=change, loads=[load]))
    return next(each for each in summary.deviations if each.stack == stack)


def codes(found: Deviation) -> list[str]:
    return [why.code for why in found.reasons]


def test_what_agrees_needs_no_reason() -> None:
    found = deviation(30)
    assert found.difference == 2
    assert found.share == pytest.approx(2 / 28)
    assert (found.reasons, found.explained) == ([], True)
    assert found.fill == pytest.approx(0.4)
    assert deviation(stack=WSGI).difference == 0


def test_what_nothing_explains_is_not_explained() -> None:
    found = deviation(40)
    assert (found.difference, found.reasons, found.explained) == (12, [], False)


@pytest.mark.parametrize(
    ("late", "changes", "code"),
    [
        (40, {"blocker_p50_ms": 260.0}, "blockers"),
        (16, {"blocker_p50_ms": 120.0}, "blockers"),
        (40, {"interference": synthetic.interference(steal_share=0.03)}, "steal"),
        (40, {"app_cpu_seconds": 7.0}, "busy"),
        (16, {"completed": 5}, "not completed"),
        (2, {"predicted": [0, 0, 0]}, "small"),
    ],
)
def test_what_the_records_know_explains_it(late: int, changes: dict[str, Any], code: str) -> None:
    found = deviation(late, **changes)
    assert (codes(found), found.explained) == ([code], True)


@pytest.mark.parametrize(
    ("late", "changes"),
    [
        (16, {"blocker_p50_ms": 260.0}),
        (16, {"interference": synthetic.interference(steal_share=0.03)}),
        (40, {"completed": 5}),
    ],
)
def test_what_would_work_the_other_way_explains_nothing(late: int, changes: dict[str, Any]) -> None:
    assert not deviation(late, **changes).explained


def test_who_hangs_up_does_not_tell_how_long_it_was_served() -> None:
    kind = msgspec.structs.replace(blocking.BLOCKING, client="hangs up")
    assert not deviation(16, kind=kind, blocker_p50_ms=50.0).explained


def test_how_long_it_took_explains_nothing_where_it_was_predicted_from() -> None:
    kind = msgspec.structs.replace(blocking.BLOCKING, about=True)
    assert not deviation(40, kind=kind, blocker_p50_ms=260.0).explained


def test_without_a_prediction_there_is_no_difference() -> None:
    found = deviation(28, predicted=None, places=0)
    assert (found.difference, found.share, found.fill, found.explained) == (None, None, None, True)
