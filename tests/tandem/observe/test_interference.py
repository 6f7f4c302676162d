"""What goes on outside a stack, with real processes that burn CPU; files that lie only where a fault is wanted."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tandem.launch.process import Child, Children
from tandem.observe import kernel, usage
from tandem.observe.interference import Watch
from tandem.records.block import Interference
from tests.support.children import BURN, SLEEPER, start
from tests.support.waiting import eventually

MASTER = """
import os, time
if os.fork() == 0:
    while time.process_time() < 0.5: pass
    os._exit(0)
print("up", flush=True); os.wait(); print("done", flush=True); time.sleep(60)
"""
"""Has a worker that burns 0.5 s and ends."""

CPUS = sorted(os.sched_getaffinity(0))


class Cast(NamedTuple):
    """Real processes: one that stands for a harness and sleeps, and burners."""

    harness: Child
    burners: list[Child]


@pytest.fixture
def cast(processes: None, tmp_path: Path) -> Iterator[Cast]:
    """Start a sleeper and a burner. To a watch whose harness is the sleeper, the tests themselves are others."""
    with Children() as children:
        yield Cast(start(children, tmp_path, "sleeper", SLEEPER, []), [start(children, tmp_path, "burner", BURN, [])])


def burn(pid: int, seconds: float = 0.5) -> float:
    """Wait until a process has used so many CPU seconds; return how many."""
    before = usage.read([pid])
    assert eventually(lambda: usage.seconds(before, usage.read([pid])) >= seconds)
    return usage.seconds(before, usage.read([pid]))


def watched(watches: list[Watch], pid: int) -> tuple[list[Interference], float, float]:
    """Return what watches saw while a process burnt, what it burnt meanwhile, and how long that took."""
    for watch in watches:
        watch.begin()
    began = time.monotonic()
    burnt = burn(pid)
    wall = time.monotonic() - began
    return [watch.end() for watch in watches], burnt, wall


def hide(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Leave no source of others' CPU but this one and those after it."""
    for name in ("per_cpu_nanoseconds", "by_group"):
        if name == source:
            break
        monkeypatch.setattr(kernel, name, lambda *_: None)


@pytest.mark.usefixtures("alone")  # what others burn between the readings of the two watches would be their difference
@pytest.mark.parametrize("source", ["per_cpu_nanoseconds", "by_group", "processes"])
def test_a_burner_is_seen_among_others_and_not_when_it_is_ours(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    hide(monkeypatch, source)
    burner = cast.burners[0].pid
    strange = Watch([], [], CPUS, cast.harness.pid)
    known = Watch([], [burner], CPUS, cast.harness.pid)
    (first, second), burnt, wall = watched([strange, known], burner)
    if first.others_cpu_share is None or second.others_cpu_share is None:
        assert not kernel.all_processes_are_visible()  # in a container nothing else may be claimed
        return
    # Whatever else runs on this machine is in both, so their difference is the burner.
    assert (first.others_cpu_share - second.others_cpu_share) * wall == pytest.approx(burnt, rel=0.25, abs=0.1)
    assert second.others_cpu_share >= 0


def test_what_the_harness_started_is_ours(cast: Cast) -> None:
    burner = cast.burners[0].pid
    processes = usage.scan()
    assert burner not in usage.tree([cast.harness.pid], processes)
    assert burner in usage.tree([os.getpid()], processes)
    assert burner in usage.tree([burner, cast.harness.pid], processes)


def test_the_generator_is_seen_to_use_cpu(cast: Cast) -> None:
    burner = cast.burners[0].pid
    (found, quiet), burnt, wall = watched([Watch([burner], [], CPUS), Watch([cast.harness.pid], [], CPUS)], burner)
    assert found.generator_cpu_share * wall == pytest.approx(burnt, rel=0.25, abs=0.1)
    assert quiet.generator_cpu_share < 0.05


def test_a_generator_that_shares_its_cpu_waits_for_it(cast: Cast, tmp_path: Path) -> None:
    with Children() as children:
        generator, beside = (start(children, tmp_path, name, BURN, CPUS[-1:]) for name in ("generator", "beside"))
        watches = [Watch([generator.pid], [beside.pid], CPUS), Watch([cast.harness.pid], [], CPUS)]
        (shared, sleeping), _, _ = watched(watches, generator.pid)
    assert shared.generator_waiting_share is not None
    assert shared.generator_waiting_share > 0.2
    assert sleeping.generator_waiting_share == pytest.approx(0.0, abs=0.05)


def test_of_several_generators_the_waiting_of_the_one_that_sends_counts(cast: Cast, tmp_path: Path) -> None:
    with Children() as children:
        pids = [start(children, tmp_path, name, BURN, CPUS[-1:]).pid for name in ("sends", "wakes up")]
        watch = Watch(pids, [], CPUS)
        before = watch.read()
        burn(pids[0])
        parts = [(before, watch.read())]
    one, other, both = (watch.over(parts, pid).generator_waiting_share for pid in (*pids, None))
    assert one is not None
    assert other is not None
    assert min(one, other) > 0.2
    assert both == pytest.approx(one + other)


def test_what_a_worker_used_before_it_ended_is_ours(cast: Cast, tmp_path: Path) -> None:
    with Children() as children:
        strange, known = Watch([], [], CPUS, cast.harness.pid), Watch([], [], CPUS, cast.harness.pid)
        strange.begin()
        known.begin()
        began = time.monotonic()
        master = start(children, tmp_path, "master", [sys.executable, "-c", MASTER], [])
        assert eventually(lambda: "done" in master.log.read_text())
        known.own.add(master.pid)
        first, second, wall = strange.end(), known.end(), time.monotonic() - began
    if first.others_cpu_share is not None and second.others_cpu_share is not None:
        assert (first.others_cpu_share - second.others_cpu_share) * wall > 0.4


def test_real_sources_give_shares(cast: Cast) -> None:
    watch = Watch([cast.burners[0].pid], [], CPUS)
    watch.begin()
    time.sleep(0.3)
    found = watch.end()
    for share in (found.steal_share, found.pressure_share):
        assert share is None or 0 <= share <= 1.5
    assert found.throttled_share is None or found.throttled_share >= 0


def fake_total(monkeypatch: pytest.MonkeyPatch, *totals: float) -> None:
    """Let the machine have used these CPU seconds at one reading after the other."""
    answers = iter(totals)
    monkeypatch.setattr(kernel, "per_cpu_nanoseconds", lambda _: int(next(answers) * 1e9))


def test_a_total_below_what_is_ours_is_reported_and_not_hidden(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_total(monkeypatch, 100.0, 100.0)
    (found,), burnt, wall = watched([Watch([], [], CPUS)], cast.burners[0].pid)
    assert found.others_cpu_share is not None
    assert found.others_cpu_share * wall < -0.8 * burnt


def test_a_total_that_lags_by_less_than_a_tick_is_nobody(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_total(monkeypatch, 100.0, 99.995)
    monkeypatch.setattr(usage, "spent", lambda _: {})
    watch = Watch([], [], CPUS, cast.harness.pid)
    watch.begin()
    assert watch.end().others_cpu_share == 0.0


def test_groups_are_counted_where_there_is_no_total(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "per_cpu_nanoseconds", lambda _: None)
    answers = iter([(10**9, set[int]()), (3 * 10**9, set[int]())])
    monkeypatch.setattr(kernel, "by_group", lambda: next(answers))
    watch = Watch([], [], CPUS, cast.harness.pid)
    watch.begin()
    began = time.monotonic()
    time.sleep(0.5)
    share = watch.end().others_cpu_share
    assert share is not None
    assert share * (time.monotonic() - began) == pytest.approx(2.0, rel=0.3)


def test_work_of_the_kernel_belongs_to_nobody(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def thread(number: int, cpu: int) -> usage.ProcessStat:
        return usage.ProcessStat(
            pid=number, name="kworker", parent=2, session=0, kernel=True, cpu=cpu, reaped=0, started=1
        )

    elsewhere = max(CPUS) + 100
    clocks = iter([0, 0, 2 * 10**9, 9 * 10**9])
    monkeypatch.setattr(usage, "scan", lambda: [thread(2_000_001, CPUS[0]), thread(2_000_002, elsewhere)])
    monkeypatch.setattr(usage, "cpu_nanoseconds", lambda _: next(clocks))
    fake_total(monkeypatch, 0.0, 5.0)
    watch = Watch([], [], CPUS, cast.harness.pid)
    watch.begin()
    began = time.monotonic()
    time.sleep(0.5)
    share = watch.end().others_cpu_share
    assert share is not None
    assert share * (time.monotonic() - began) == pytest.approx(3.0, rel=0.3)  # 5 s less the 2 s that ran here


def test_what_the_machine_does_not_tell_is_none(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setattr(kernel, "PROC", empty)
    monkeypatch.setattr(kernel, "CGROUP", empty)
    watch = Watch([cast.burners[0].pid], [], CPUS)
    watch.begin()
    found = watch.end()
    assert found.generator_cpu_share >= 0
    assert found == Interference(
        generator_waiting_share=None, generator_cpu_share=found.generator_cpu_share, others_cpu_share=None,
        steal_share=None, throttled_share=None, pressure_share=None,
    )  # fmt: skip
