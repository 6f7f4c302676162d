"""A comparison that breaks off keeps what it measured, says why, and is resumed."""

from __future__ import annotations

import errno
import os
from collections import Counter
from pathlib import Path

import pytest

from tandem import errors
from tandem.errors import RunFailed, Stopped
from tandem.judge import summary
from tandem.plan import profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.order import orders
from tandem.plan.run import Plan
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.journal import RECORDS, End, Record, Resumed
from tests.support.executor import SCENARIOS, Fake, resume, run


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RunFailed("asgi ended;\nlast lines"), "asgi ended;"),
        (Stopped(2), str(Stopped(2))),
        (KeyError("x"), "'x'"),
    ],
)
def test_what_was_measured_is_kept_whatever_breaks(
    planned: Plan, tmp_path: Path, error: BaseException, reason: str
) -> None:
    executor = Fake(fail_at=15, error=error)
    with pytest.raises(type(error)):
        run(planned, executor, tmp_path / "run")
    found = list(journal.read(tmp_path / "run" / RECORDS))
    assert len(found) == 1 + 14 + 1
    assert isinstance(found[-1], End)
    assert (found[-1].complete, found[-1].reason) == (False, reason)
    assert executor.running is None
    judged = summary.summarise(found)
    assert (judged.rounds_complete, judged.complete, judged.decided) == (2, False, False)


def test_a_full_disk_is_a_sentence_and_keeps_what_is_there(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, written = journal.append, 0

    def full(path: Path, record: Record) -> None:
        nonlocal written
        written += 1
        if written > 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        append(path, record)

    monkeypatch.setattr(journal, "append", full)
    with pytest.raises(RunFailed, match=rf"disk is full .*{RECORDS}[\s\S]*tandem report"):
        run(planned, Fake(), tmp_path / "run")
    assert len(list(journal.read(tmp_path / "run" / RECORDS))) == 4


def test_what_breaks_on_a_full_disk_is_told_as_a_full_disk(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack says only that it did not become ready; why stands in no log, as that could not be written either."""
    executor = Fake(fail_at=3, error=RunFailed("asgi is not ready"))
    monkeypatch.setattr(errors, "SCARCE", 2**62)
    with pytest.raises(RunFailed, match=rf"disk is full \(\d+ MB [\s\S]*--resume[\s\S]*{executor.error}"):
        run(planned, executor, tmp_path / "run")
    monkeypatch.undo()
    last = list(journal.read(tmp_path / "run" / RECORDS))[-1]
    assert isinstance(last, End)
    assert "disk is full" in last.reason


def test_the_device_that_is_always_full_gives_the_same_sentence(planned: Plan, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / RECORDS).symlink_to("/dev/full")
    with pytest.raises(RunFailed, match="disk is full"):
        run(planned, Fake(), tmp_path / "run")


def test_without_sameness_nothing_is_measured(planned: Plan, tmp_path: Path) -> None:
    executor = Fake(refuse=RunFailed("other answers"))
    with pytest.raises(RunFailed, match="other answers"):
        run(planned, executor, tmp_path / "run")
    assert executor.log == []
    assert not (tmp_path / "run" / RECORDS).exists()


@pytest.mark.parametrize("broken_at", [1, 3, 7, 20, 42])
def test_an_interrupted_run_is_resumed_and_ends_like_an_uninterrupted_one(
    planned: Plan, tmp_path: Path, broken_at: int
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(Stopped):
        run(planned, Fake(fail_at=broken_at, error=Stopped(2)), folder)
    found = resume(planned, Fake(), folder, 7)
    assert isinstance(found[-1], End)
    assert found[-1].complete
    assert [type(record) for record in found].count(Resumed) == 1
    whole = run(planned, Fake(), tmp_path / "whole")
    interrupted, straight = summary.summarise(found), summary.summarise(whole)
    assert interrupted.rounds_valid == straight.rounds_valid == 7
    assert [(c.stack, c.metric, c.rounds) for c in interrupted.comparisons] == [
        (c.stack, c.metric, c.rounds) for c in straight.comparisons
    ]
    assert interrupted.not_judged is None


def test_of_a_round_that_broke_off_nothing_is_mixed_with_the_next_attempt(planned: Plan, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(planned, Fake(fail_at=9, error=Stopped(2)), tmp_path / "run")
    found = resume(planned, Fake(), tmp_path / "run", 7)
    second = Counter(b.attempt for b in found if isinstance(b, Block) and b.round == 2)
    assert second == {1: 2, 2: 6}
    first = Counter(b.attempt for b in found if isinstance(b, Block) and b.round == 1)
    assert first == {1: 6}


def test_a_planned_extension_goes_on_in_the_order_that_more_rounds_would_have_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    planned = plan(profiles.QUICK, stacks.load(), seed=3, rounds=8, extension=2, scenarios=SCENARIOS, slices=0)
    run(planned, Fake(), tmp_path / "run")
    executor = Fake()
    resume(planned, executor, tmp_path / "run", 10)
    starts = [entry.split()[1] for entry in executor.log if entry.startswith("start")]
    assert starts == [name for order in orders(["wsgi-gthread", "asgi", "decoy"], 10, 3)[8:] for name in order]


def test_a_run_that_breaks_before_its_first_record_leaves_none_behind(planned: Plan, tmp_path: Path) -> None:
    run(planned, Fake(), tmp_path / "run")
    before = (tmp_path / "run" / RECORDS).read_bytes()
    with pytest.raises(RunFailed):
        resume(planned, Fake(refuse=RunFailed("not the same answers")), tmp_path / "run", 9)
    assert (tmp_path / "run" / RECORDS).read_bytes() == before
