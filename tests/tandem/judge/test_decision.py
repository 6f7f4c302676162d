"""Advice: one row for each situation, whatever loads it was measured under."""

from __future__ import annotations

from tandem.judge.summary import summarise
from tandem.paths import PROJECT
from tandem.records import journal


def test_a_situation_that_was_measured_at_a_rate_and_at_saturation_is_one_row() -> None:
    """Two rows of one name would advise two things."""
    found = summarise(list(journal.read(PROJECT / "docs" / "sample" / journal.RECORDS)))
    situations = [each.situation for each in found.advice]
    assert len(set(situations)) == len(situations)
    assert any(len(each.scenarios) > 1 for each in found.advice)
    headlines = {c.scenario for c in found.comparisons if c.kind == "headline"}
    assert sorted(name for each in found.advice for name in each.scenarios if name in headlines) == sorted(headlines)
