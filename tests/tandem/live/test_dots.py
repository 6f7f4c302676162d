"""The dots of a lane: what is late, what is told, what is forgotten."""

from __future__ import annotations

import pytest

from tandem.live import dots
from tandem.live.dots import IN_TIME_SECONDS, SECONDS_KEPT, Dots


def answered(found: Dots, *took: float, status: int = 200) -> None:
    """Take in one arrival per second, each answered after so long."""
    for number, each in enumerate(took):
        found.answered(found.due(number, float(number)), number + each, status)


def test_who_waits_becomes_late() -> None:
    dot = Dots().due(1, 5.0)
    assert not dot.late(5.0 + IN_TIME_SECONDS)
    assert dot.late(5.0 + IN_TIME_SECONDS + 0.001)


def test_an_answer_in_time_stays_so_and_a_refusal_never_was() -> None:
    found = Dots()
    answered(found, 0.05, 0.2)
    answered(found, 0.001, status=503)
    refused, late = [dot.late(1000.0) for dot in found.between(0, 10)]
    assert refused
    assert late
    found = Dots()
    answered(found, 0.05)
    assert [dot.late(1000.0) for dot in found.between(0, 10)] == [False]


def test_only_what_has_changed_is_told() -> None:
    found = Dots()
    first, second = found.due(1, 1.0), found.due(2, 2.0)
    seen = found.changes
    assert found.since(seen, 0.0) == []
    found.answered(first, 1.5, 200)
    assert found.since(seen, 0.0) == [first]
    assert found.since(0, 1.5) == [second]


def test_who_waits_is_counted_up_to_a_moment() -> None:
    found = Dots()
    first = found.due(1, 1.0)
    found.due(2, 2.0)
    assert (found.waiting(1.5), found.waiting(2.5)) == (1, 2)
    found.answered(first, 3.0, 200)
    assert (found.waiting(1.5), found.waiting(2.5)) == (0, 1)


def test_the_usual_time_is_the_median() -> None:
    found = Dots()
    answered(found, 0.01, 0.02, 9.0)
    assert round(found.usual(0, 10) or 0, 6) == 0.02
    assert found.usual(20, 30) is None


def test_what_is_old_is_forgotten_and_nothing_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Dots()
    answered(found, *[0.01] * int(3 * SECONDS_KEPT))
    assert len(list(found.between(0, 1e9))) <= SECONDS_KEPT + 1
    monkeypatch.setattr(dots, "MOST_DOTS", 50)
    for number in range(1000):
        found.due(number, 1000.0)
    assert len(list(found.between(0, 1e9))) == 50
