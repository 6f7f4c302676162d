"""What `python -m tests.stack.kills` counts as missing, without a process."""

from __future__ import annotations

from pathlib import Path

from tests.stack.kills import missing
from tests.support.ledger import GONE, Ledger


def test_what_was_acknowledged_and_is_not_there_is_missing(database: Path) -> None:
    ledger = Ledger()
    ledger.created = [5, 6, 7]
    ledger.answered(5, 150)  # acknowledged, and another age is there
    ledger.answered(6, GONE)  # acknowledged, and the user is still there
    ledger.answered(999_999, 3)  # acknowledged, and there is no such user
    ledger.answered(999_998, GONE)
    assert [each.partition(":")[0] for each in missing(database, ledger)] == ["user 5", "user 6", "user 999999"]
    assert missing(database, ledger) == []  # as they are from now on


def test_what_was_sent_without_an_answer_may_be_there_or_not(database: Path) -> None:
    ledger = Ledger()
    for user_id in (999_998, 999_999):
        ledger.answered(user_id, 1)
        ledger.sent(user_id, GONE)
    assert missing(database, ledger) == []


def test_an_id_that_was_given_twice_is_told(database: Path) -> None:
    ledger = Ledger()
    ledger.created = [5, 5]
    (told,) = missing(database, ledger)
    assert "twice" in told
