"""The comparison, with an executor that measures nothing."""

from __future__ import annotations

import errno
import os
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tandem import errors, rules
from tandem.errors import RunFailed, Stopped
from tandem.experiments import compare as comparing
from tandem.experiments.compare import Comparison
from tandem.judge import summary
from tandem.judge.reasons import Reason
from tandem.judge.rounds import Rounds
from tandem.plan import profiles, stacks
from tandem.plan.comparison import Plan, plan
from tandem.plan.order import Slot, orders
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.journal import RECORDS, End, Record, Resumed
from tandem.records.setup import Calibration, Load, Run
from tests.support import synthetic

SCENARIOS = ("waiting", "everyday")

CALIBRATION = Calibration(
    ceiling_rate=5000, ceiling_cpu_share=0.99, floor_rate=300, floor_p50_ms=0.4, floor_p99_ms=0.9,
    dispatch_lag_p50_ms=0.05, dispatch_lag_p99_ms=0.2, generator_cpu_ms=0.2,
)  # fmt: skip


def a_block(**changes: Any) -> Block:
    """A block of a quiet machine, changed as given."""
    usual = synthetic.round_of(synthetic.run(), random.Random(1), 1)[0]
    return msgspec.structs.replace(usual, **changes)


def disturbed(block: Block) -> Block:
    """The same with something outside the stack beside it, which also took a little CPU."""
    around = synthetic.interference(generator_waiting_share=0.3, generator_cpu_share=0.7)
    return msgspec.structs.replace(block, interference=around)


class Fake:
    """An executor that notes what is asked of it.

    `fail_at` raises `error` in the block with this number, from 1; blocks whose numbers are in `disturbed` are INVALID.
    """

    def __init__(
        self,
        fail_at: int | None = None,
        error: BaseException | None = None,
        refuse: RunFailed | None = None,
        disturbed: Collection[int] = (),
    ) -> None:
        self.fail_at, self.error, self.refuse, self.disturbed = fail_at, error, refuse, disturbed
        self.log: list[str] = []
        self.running: str | None = None
        self.keys: list[tuple[str, str]] = []
        self.measured = 0

    def prove(self) -> int:
        if self.refuse:
            raise self.refuse
        self.log.append("prove")
        return 42

    def calibrate(self) -> Calibration:
        self.log.append("calibrate")
        return CALIBRATION

    @contextmanager
    def stack(self, name: str) -> Iterator[Fake]:
        assert self.running is None, "one stack at a time"
        self.running = name
        self.prepared: list[str] = []
        try:
            yield self
        finally:
            self.running = None
            self.log.append(f"stop {name}")

    def prepare(self, load: Load, key: str) -> None:
        self.prepared.append(load.scenario)
        self.keys.append((load.scenario, key))

    def start(self) -> None:
        assert self.prepared, "its generators load while it starts"
        self.log.append(f"start {self.running}")

    @contextmanager
    def stacks(self, names: Sequence[str]) -> Iterator[Together]:
        assert self.running is None, "none beside those that take turns"
        self.running = "all"
        self.prepared = []
        try:
            yield Together(self, names)
        finally:
            self.running = None
            self.log.append("stop all")

    def measure(self, load: Load, slot: Slot) -> Block:
        assert self.running
        assert not load.slices
        assert load.scenario in self.prepared
        self.log.append(f"{load.scenario} {self.running} {slot.round}")
        return self.block(load, self.running, slot)

    def block(self, load: Load, name: str, slot: Slot) -> Block:
        self.measured += 1
        if self.measured == self.fail_at and self.error:
            raise self.error
        block = a_block(**slot._asdict(), scenario=load.scenario, stack=name)
        return disturbed(block) if self.measured in self.disturbed else block


class Together:
    """All stacks of a round, of which it is noted what is asked of them."""

    def __init__(self, executor: Fake, names: Sequence[str]) -> None:
        self.executor, self.names = executor, names

    def prepare(self, name: str, load: Load, key: str) -> None:
        assert name in self.names
        self.executor.prepare(load, key)

    def measure_alone(self, name: str, load: Load, slot: Slot) -> Block:
        assert not load.slices
        self.executor.log.append(f"{load.scenario} {name} {slot.round}")
        return self.executor.block(load, name, slot)

    def start(self) -> None:
        assert self.executor.prepared, "its generators load while it starts"
        self.executor.log.append("start all")

    def measure(self, load: Load, round_: int, attempt: int) -> list[Block]:
        assert load.slices
        assert load.scenario in self.executor.prepared
        self.executor.log.append(f"{load.scenario} all {round_}")
        slots = [Slot(round_, attempt, position) for position, _ in enumerate(self.names, 1)]
        return [self.executor.block(load, name, slot) for name, slot in zip(self.names, slots, strict=True)]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return plan(profiles.QUICK, stacks.load(), seed=3, rounds=7, scenarios=SCENARIOS, slices=0)


def comparison(planned: Plan, executor: Fake, folder: Path, said: list[str] | None = None) -> Comparison:
    folder.mkdir(exist_ok=True)
    say = (said if said is not None else []).append
    return Comparison(planned, synthetic.provenance(), executor, folder, say, lambda: executor.log.append("settle"))


def run(planned: Plan, executor: Fake, folder: Path, said: list[str] | None = None) -> list[Record]:
    """Compare and return the records."""
    comparison(planned, executor, folder, said).begin([])
    return list(journal.read(folder / RECORDS))


def resume(planned: Plan, executor: Fake, folder: Path, rounds: int, said: list[str] | None = None) -> list[Record]:
    """Resume a run and return the records."""
    past = Rounds(journal.read(folder / RECORDS))
    comparison(planned, executor, folder, said).resume(past, rounds, [])
    return list(journal.read(folder / RECORDS))


def test_every_round_starts_every_stack_once_in_the_planned_order(planned: Plan, tmp_path: Path) -> None:
    executor = Fake()
    run(planned, executor, tmp_path / "run")
    starts = [entry.split()[1] for entry in executor.log if entry.startswith("start")]
    assert starts == [name for order in orders(["wsgi-gthread", "asgi", "decoy"], 7, 3) for name in order]


def test_all_stacks_of_a_round_are_asked_the_same_and_each_round_asks_something_else(
    planned: Plan, tmp_path: Path
) -> None:
    executor = Fake(disturbed=[1])  # so that round 1 has a second attempt
    run(planned, executor, tmp_path / "run")
    assert sorted(Counter(executor.keys).values()) == [3] * 12 + [6] * 2


def test_within_a_start_what_reads_comes_before_what_writes(planned: Plan, tmp_path: Path) -> None:
    executor = Fake()
    run(planned, executor, tmp_path / "run")
    name = executor.log[2].split()[1]
    assert executor.log[:6] == [
        "prove",
        "calibrate",
        f"start {name}",
        f"waiting at saturation {name} 1",
        f"everyday at saturation {name} 1",
        f"stop {name}",
    ]


def test_what_is_sliced_is_measured_of_all_stacks_together_after_all_that_is_in_one_piece(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    executor = Fake(disturbed=[5])
    made = plan(
        profiles.QUICK, stacks.load(), scenarios=["waiting", "everyday"], load="saturation", seed=3, rounds=7, slices=8,
        in_one_piece_too=True,
    )  # fmt: skip
    found = run(made, executor, tmp_path / "run")
    names = orders(["wsgi-gthread", "asgi", "decoy"], 7, 3)[0]
    assert executor.log[2:11] == [
        "start all",
        *(
            f"{scenario} {name} 1"
            for name in names
            for scenario in ("everyday at saturation in one piece", "waiting at saturation")
        ),
        "everyday at saturation all 1",
        "stop all",
    ]
    blocks = Counter((b.round, b.attempt) for b in found if isinstance(b, Block))
    assert blocks == {(n, 1): 9 for n in range(1, 8)} | {(1, 2): 9}
    assert [each.scenario for each in made.headlines] == ["waiting at saturation", "everyday at saturation"]


def test_the_records_tell_the_whole_run(planned: Plan, tmp_path: Path) -> None:
    first, *blocks, last = run(planned, Fake(), tmp_path / "run")
    assert isinstance(first, Run)
    assert (first.seed, first.rounds, first.probes, first.baseline) == (3, 7, 42, "wsgi-gthread")
    assert [stack.decoy_of for stack in first.stacks] == [None, None, "wsgi-gthread"]
    assert len(blocks) == 42
    places = Counter((b.scenario, b.position) for b in blocks if isinstance(b, Block))
    assert set(places.values()) == {7}
    assert isinstance(last, End)
    assert last.complete
    assert (tmp_path / "latest").resolve() == tmp_path / "run"


def test_each_block_is_on_disk_before_the_next_begins(planned: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    class Watching(Fake):
        def measure(self, load: Load, slot: Slot) -> Block:
            lines = (folder / RECORDS).read_bytes().splitlines()
            assert len(lines) == 1 + self.measured
            return super().measure(load, slot)

    run(planned, Watching(), folder)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RunFailed("asgi ended by itself;\nlast lines"), "asgi ended by itself;"),
        (Stopped(2), "stopped by SIGINT"),
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
    with pytest.raises(RunFailed, match=r"the disk is full.*make room[\s\S]*tandem report"):
        run(planned, Fake(), tmp_path / "run")
    assert len(list(journal.read(tmp_path / "run" / RECORDS))) == 4


def test_what_breaks_on_a_full_disk_is_told_as_a_full_disk(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack says only that it did not become ready; why stands in no log, as that could not be written either."""
    executor = Fake(fail_at=3, error=RunFailed("asgi did not become ready within 60 s: (nothing logged)"))
    monkeypatch.setattr(errors, "SCARCE", 2**62)
    with pytest.raises(
        RunFailed, match=r"the disk is full \(\d+ MB are left in .*make room[\s\S]*--resume[\s\S]*did not become"
    ):
        run(planned, executor, tmp_path / "run")
    monkeypatch.undo()
    last = list(journal.read(tmp_path / "run" / RECORDS))[-1]
    assert isinstance(last, End)
    assert "the disk is full" in last.reason


def test_an_exploratory_run_is_short_and_gives_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    planned = plan(profiles.QUICK, stacks.load(), seed=3, rounds=1, scenarios=SCENARIOS)
    executor, said = Fake(disturbed=[2]), list[str]()
    found = run(planned, executor, tmp_path / "run", said)
    assert "calibrate" not in executor.log
    assert [type(record) for record in found] == [Run, Block, Block, Block, Block, End]  # no decoy, and no repeat
    assert any("it counts for nothing" in line for line in said)
    judged = summary.summarise(found)
    assert judged.not_judged == Reason(code="too few rounds planned", rounds=1, ratios=2, needed=7)
    assert not judged.trusted
    assert not any(Rounds(found).missing)


def test_the_device_that_is_always_full_gives_the_same_sentence(planned: Plan, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / RECORDS).symlink_to("/dev/full")
    with pytest.raises(RunFailed, match="the disk is full"):
        run(planned, Fake(), tmp_path / "run")


def test_without_sameness_nothing_is_measured(planned: Plan, tmp_path: Path) -> None:
    executor = Fake(refuse=RunFailed("not the same answers"))
    with pytest.raises(RunFailed, match="not the same answers"):
        run(planned, executor, tmp_path / "run")
    assert executor.log == []
    assert not (tmp_path / "run" / RECORDS).exists()


def test_progress_tells_every_block_and_the_time_left(planned: Plan, tmp_path: Path) -> None:
    said: list[str] = []
    run(planned, Fake(), tmp_path / "run", said)
    blocks = [line for line in said if "left)" in line]
    assert len(blocks) == 42
    assert "block 42 of 42, 0 s left" in blocks[-1]
    assert re.search(r"p50 3\.9 ms  p99 20\.4 ms  CPU 0\.\d\d ms/request", blocks[0])


def test_a_block_without_good_answers_says_so() -> None:
    block = a_block(requests=0, arrivals=9, p50_ms=None, unfinished=9)
    assert "not reached" in comparing.line(block, "VALID")
    assert "9 unfinished" in comparing.line(block, "VALID")
    assert "INVALID" in comparing.line(block, "INVALID")


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
    assert "round 2 is INVALID, it is measured again; causes outside the stacks:" in said
    (cause,) = [line for line in said if line.startswith("  - ")]  # what was only suspect is not among them
    assert "generator waiting for its CPU" in cause
    assert "block 48 of 48, 0 s left" in [line for line in said if "left)" in line][-1]
    judged = summary.summarise(found)
    assert (judged.rounds_valid, judged.not_judged) == (7, None)


def test_repeats_are_bounded_and_what_stays_invalid_counts_for_nothing(planned: Plan, tmp_path: Path) -> None:
    said: list[str] = []
    executor = Fake(disturbed=range(1, 1000))
    found = run(planned, executor, tmp_path / "run", said)
    rounds = Counter((b.round, b.attempt) for b in found if isinstance(b, Block))
    assert len(rounds) == 7 + rules.REPEATS
    assert any("repeats are used up" in line for line in said)
    judged = summary.summarise(found)
    assert judged.rounds_valid == 0
    assert not judged.decided


def of_rounds(found: list[Record]) -> list[tuple[int, int]]:
    return list(dict.fromkeys((b.round, b.attempt) for b in found if isinstance(b, Block)))


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
    assert "spare round 8, in place of one that was lost" in said
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
    assert "no verdict is possible any more" in told[0]
    assert max(number for number, _ in of_rounds(list(journal.read(tmp_path / "run" / RECORDS)))) == 7


def test_it_stops_then_where_that_is_chosen(planned: Plan, tmp_path: Path) -> None:
    made = comparison(planned, Fake(disturbed=range(1, 1000)), tmp_path / "run")
    made.stop = lambda _: True
    with pytest.raises(RunFailed, match="no verdict is possible any more"):
        made.begin([])
    found = list(journal.read(tmp_path / "run" / RECORDS))
    assert of_rounds(found)[-1] == (3, 1)
    assert isinstance(found[-1], End)
    assert (found[-1].complete, "no verdict" in found[-1].reason) == (False, True)


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
