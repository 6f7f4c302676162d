"""Rounds that are measured again, spare rounds, and what can give no verdict any more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tandem import rules
from tandem.errors import RunFailed, Stopped
from tandem.judge import summary, validity
from tandem.plan.order import orders
from tandem.plan.run import Plan
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.journal import RECORDS, End
from tests.support.executor import Fake, comparison, of_rounds, resume, run


def test_a_disturbed_round_is_measured_again_as_a_whole(planned: Plan, tmp_path: Path) -> None:
    said: list[str] = []
    executor = Fake(disturbed=[9])
    found = run(planned, executor, tmp_path / "run", said)
    assert executor.log.count("settle") == 1
    blocks = [record for record in found if isinstance(record, Block)]
    assert Counter((b.round, b.attempt) for b in blocks) == {(n, 1): 6 for n in range(1, 8)} | {(2, 2): 6}
    assert [b.stack for b in blocks if (b.round, b.attempt) == (2, 1)] == [
        b.stack for b in blocks if (b.round, b.attempt) == (2, 2)
    ]
    assert any(line.startswith("round 2 is INVALID") for line in said)
    (cause,) = [line for line in said if line.startswith("  - ")]  # what was only suspect is not among them
    assert validity.GENERATOR_WAITING.title in cause
    assert "block 48 of 48, 0 s left" in [line for line in said if "left)" in line][-1]
    judged = summary.summarise(found)
    assert (judged.rounds_valid, judged.not_judged) == (7, None)


def test_repeats_are_bounded_and_what_stays_invalid_counts_for_nothing(planned: Plan, tmp_path: Path) -> None:
    said: list[str] = []
    executor = Fake(disturbed=range(1, 1000))
    found = run(planned, executor, tmp_path / "run", said)
    rounds = Counter((b.round, b.attempt) for b in found if isinstance(b, Block))
    assert len(rounds) == 7 + rules.REPEATS
    assert any("repeats" in line for line in said)
    judged = summary.summarise(found)
    assert judged.rounds_valid == 0
    assert not judged.decided


LOST = range(1, 6 * (1 + rules.REPEATS), 6)
"""Blocks of every attempt that round 1 may have."""


def test_a_spare_round_replaces_one_that_was_lost(planned: Plan, tmp_path: Path) -> None:
    said: list[str] = []
    executor = Fake(disturbed=LOST)
    found = run(planned, executor, tmp_path / "run", said)
    assert of_rounds(found) == [(1, 1), (1, 2), (1, 3), (1, 4), *((number, 1) for number in range(2, 9))]
    judged = summary.summarise(found)
    assert (judged.rounds_valid, judged.not_judged) == (7, None)
    assert judged.comparisons[0].rounds == [2, 3, 4, 5, 6, 7, 8]
    assert any(line.startswith("spare round 8") for line in said)
    assert any("7 rounds, 42 blocks, about " in line and "; up to 12 rounds, " in line for line in said)
    order = orders(["wsgi-gthread", "asgi", "decoy"], 9, 3)[7]
    assert [entry.split()[1] for entry in executor.log if entry.startswith("start")][-3:] == order
    assert "block 66 of 66, 0 s left" in [line for line in said if "left)" in line][-1]


def test_without_a_loss_no_spare_round_is_measured(planned: Plan, tmp_path: Path) -> None:
    assert of_rounds(run(planned, Fake(), tmp_path / "run")) == [(number, 1) for number in range(1, 8)]


def test_a_run_that_broke_off_after_a_loss_is_resumed_with_its_spare_round(planned: Plan, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(planned, Fake(disturbed=LOST, fail_at=62, error=Stopped(2)), tmp_path / "run")
    found = resume(planned, Fake(), tmp_path / "run", 7)
    assert of_rounds(found)[-2:] == [(8, 1), (8, 2)]
    assert summary.summarise(found).rounds_valid == 7


def test_what_can_give_no_verdict_any_more_is_told_once_and_at_once(planned: Plan, tmp_path: Path) -> None:
    """Three rounds of seven are lost, and there are two spare ones, which would now be in vain."""
    told: list[str] = []
    executor = Fake(disturbed=range(1, 1000))
    made = comparison(planned, executor, tmp_path / "run")

    def go_on(line: str) -> bool:
        told.append(line)
        return False

    made.stop = go_on
    made.begin([])
    assert len(told) == 1
    assert "no verdict" in told[0]
    assert max(number for number, _ in of_rounds(list(journal.read(tmp_path / "run" / RECORDS)))) == 7


def test_it_stops_then_where_that_is_chosen(planned: Plan, tmp_path: Path) -> None:
    made = comparison(planned, Fake(disturbed=range(1, 1000)), tmp_path / "run")
    made.stop = lambda _: True
    with pytest.raises(RunFailed, match="no verdict"):
        made.begin([])
    found = list(journal.read(tmp_path / "run" / RECORDS))
    assert of_rounds(found)[-1] == (3, 1)
    assert isinstance(found[-1], End)
    assert (found[-1].complete, "no verdict" in found[-1].reason) == (False, True)
