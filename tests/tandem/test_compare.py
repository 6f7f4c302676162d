"""The comparison, with an executor that measures nothing."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tandem import compare as comparing
from tandem import profiles, provenance, records, stacks, summary
from tandem.compare import RECORDS, compare
from tandem.errors import RunFailed, Stopped
from tandem.order import orders
from tandem.plan import Plan, plan
from tandem.records import Block, End, Load, Record, Run


class Fake:
    """An executor that notes what is asked of it; `fail_at` raises `error` in the block with this number, from 1."""

    def __init__(
        self, fail_at: int | None = None, error: BaseException | None = None, refuse: RunFailed | None = None
    ) -> None:
        self.fail_at, self.error, self.refuse = fail_at, error, refuse
        self.log: list[str] = []
        self.running: str | None = None
        self.measured = 0

    def prove(self) -> int:
        if self.refuse:
            raise self.refuse
        self.log.append("prove")
        return 42

    @contextmanager
    def stack(self, name: str, round_number: int) -> Iterator[Fake]:
        assert self.running is None, "one stack at a time"
        self.running = name
        self.log.append(f"start {name} {round_number}")
        try:
            yield self
        finally:
            self.running = None
            self.log.append(f"stop {name} {round_number}")

    def measure(self, load: Load, *, round_number: int, position: int) -> Block:
        self.measured += 1
        if self.measured == self.fail_at and self.error:
            raise self.error
        assert self.running
        self.log.append(f"{load.scenario} {self.running} {round_number}")
        return Block(
            round=round_number, scenario=load.scenario, stack=self.running, position=position, started="2026-11-20T00:00:00Z",
            seconds=4.0, samples="samples/none.csv.gz", requests=1000, failures=0, unfinished=0, rate=250.0, p50_ms=2.0,
            p90_ms=3.0, p99_ms=4.0, max_ms=5.0, app_cpu_seconds=0.4, nginx_cpu_seconds=0.1, app_memory_bytes=1,
            nginx_memory_bytes=1,
            generator_cpu_seconds=0.3, start_seconds=0.5,
        )  # fmt: skip


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return plan(profiles.QUICK, stacks.load(), seed=3)


def run(planned: Plan, executor: Fake, folder: Path, said: list[str] | None = None) -> list[Record]:
    """Compare and return the records, which are read whatever the comparison raises."""
    origin = provenance.provenance(planned.layout, arguments=["compare"], nginx="1.31.3", sqlite="3.53.4")
    folder.mkdir(exist_ok=True)
    compare(planned, origin, executor, folder, (said if said is not None else []).append)
    return list(records.read(folder / RECORDS))


def test_every_round_starts_every_stack_once_in_the_planned_order(planned: Plan, tmp_path: Path) -> None:
    executor = Fake()
    run(planned, executor, tmp_path / "run")
    starts = [entry.split()[1:] for entry in executor.log if entry.startswith("start")]
    expected = orders(["wsgi-gthread", "asgi", "decoy"], 7, 3)
    assert starts == [[name, str(number)] for number, order in enumerate(expected, 1) for name in order]


def test_within_a_start_what_reads_comes_before_what_writes(planned: Plan, tmp_path: Path) -> None:
    executor = Fake()
    run(planned, executor, tmp_path / "run")
    name = executor.log[1].split()[1]
    assert executor.log[:5] == ["prove", f"start {name} 1", f"waiting {name} 1", f"everyday {name} 1", f"stop {name} 1"]


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
        def measure(self, load: Load, *, round_number: int, position: int) -> Block:
            lines = (folder / RECORDS).read_bytes().splitlines()
            assert len(lines) == 1 + self.measured
            return super().measure(load, round_number=round_number, position=position)

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
    found = list(records.read(tmp_path / "run" / RECORDS))
    assert len(found) == 1 + 14 + 1
    assert isinstance(found[-1], End)
    assert (found[-1].complete, found[-1].reason) == (False, reason)
    assert executor.running is None
    judged = summary.summarise(found)
    assert (judged.rounds_complete, judged.complete, judged.decided) == (2, False, False)


def test_a_full_disk_is_a_sentence_and_keeps_what_is_there(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, written = records.append, 0

    def full(path: Path, record: Record) -> None:
        nonlocal written
        written += 1
        if written > 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        append(path, record)

    monkeypatch.setattr(records, "append", full)
    with pytest.raises(RunFailed, match=r"the disk is full.*make room[\s\S]*tandem report"):
        run(planned, Fake(), tmp_path / "run")
    assert len(list(records.read(tmp_path / "run" / RECORDS))) == 4


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
    assert "CPU 0.50 ms/request" in blocks[0]


def test_a_block_without_good_answers_says_so() -> None:
    block = msgspec.structs.replace(
        Fake.measure(_running(), profiles.load("read", 4, 2), round_number=1, position=1),
        requests=0,
        p50_ms=None,
        unfinished=9,
    )
    assert "not reached" in comparing.line(block)
    assert "9 unfinished" in comparing.line(block)


def _running() -> Fake:
    fake = Fake()
    fake.running = "asgi"
    return fake
