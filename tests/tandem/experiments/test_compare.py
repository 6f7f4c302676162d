"""The comparison, with an executor that measures nothing: what is measured in which order, recorded and told."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tandem.experiments import compare as comparing
from tandem.judge import summary
from tandem.judge.reasons import Reason
from tandem.judge.rounds import Rounds
from tandem.plan import profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.order import Slot, orders
from tandem.plan.run import Plan
from tandem.records.block import Block
from tandem.records.journal import RECORDS, End
from tandem.records.setup import Load, Run
from tests.support.executor import SCENARIOS, Fake, a_block, run


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


def test_what_is_sliced_is_measured_of_all_stacks_together_before_all_that_is_in_one_piece(
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
        "everyday at saturation all 1",
        *(
            f"{scenario} {name} 1"
            for name in names
            for scenario in ("everyday at saturation in one piece", "waiting at saturation")
        ),
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


def test_an_exploratory_run_is_short_and_gives_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    planned = plan(profiles.QUICK, stacks.load(), seed=3, rounds=1, scenarios=SCENARIOS)
    executor, said = Fake(disturbed=[2]), list[str]()
    found = run(planned, executor, tmp_path / "run", said)
    assert "calibrate" not in executor.log
    assert [type(record) for record in found] == [Run, Block, Block, Block, Block, End]  # no decoy, and no repeat
    assert any(line.startswith("round 1 is INVALID") for line in said)
    judged = summary.summarise(found)
    assert judged.not_judged == Reason(code="too few rounds planned", rounds=1, ratios=2, needed=7)
    assert not judged.trusted
    assert not any(Rounds(found).missing)


def test_progress_tells_every_block_and_the_time_left(planned: Plan, tmp_path: Path) -> None:
    said: list[str] = []
    run(planned, Fake(), tmp_path / "run", said)
    blocks = [line for line in said if "left)" in line]
    assert len(blocks) == 42
    assert "block 42 of 42, 0 s left" in blocks[-1]
    assert re.search(r"p50 3\.92 ms  p99 20\.4 ms  CPU 0\.\d+ ms/request", blocks[0])


def test_a_block_without_good_answers_says_so() -> None:
    block = a_block(requests=0, arrivals=9, p50_ms=None, unfinished=9)
    assert "not reached" in comparing.line(block, "VALID")
    assert "9 unfinished" in comparing.line(block, "VALID")
    assert "INVALID" in comparing.line(block, "INVALID")
