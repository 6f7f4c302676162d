"""Waiting for a quiet machine: the decision on made-up looks, the look itself beside a real burner."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tandem.experiments import idle
from tandem.judge import validity
from tandem.launch.process import Children
from tandem.observe import interference
from tandem.observe.interference import Activity
from tests.support import synthetic
from tests.support.children import BURN, SLEEPER, start
from tests.support.waiting import eventually

CPUS = sorted(os.sched_getaffinity(0))
PARENT = """
import os, signal, time
worker = os.fork()
if worker == 0:
    while time.process_time() < 1: pass
    time.sleep(60)
while time.clock_gettime_ns(~worker << 3 | 2) < 1e9: time.sleep(0.01)
print("up", flush=True)
time.sleep(0.5)
os.kill(worker, signal.SIGKILL); os.wait(); print("reaped", flush=True); time.sleep(60)
"""
"""Has a worker that burns a second before it says "up", and ends half a second later."""


def look(others: float | None = 0.0, steal: float | None = 0.0, *busiest: str) -> Activity:
    return Activity(synthetic.interference(others_cpu_share=others, steal_share=steal), list(busiest))


QUIET, NOISY = look(0.02, 0.004), look(0.6, 0.0, "cc1 (4711) 58 %")


class Machine:
    """Gives one look after the other, each a second later; the last one for ever."""

    def __init__(self, *looks: Activity) -> None:
        self.looks, self.seconds = looks, 0.0

    def take(self) -> Activity:
        self.seconds += 1
        return self.looks[min(int(self.seconds), len(self.looks)) - 1]

    def wait(self, seconds: float, say: Callable[[str], None] = lambda _: None) -> list[str]:
        return idle.wait_until_idle(seconds, CPUS, say, take=self.take, clock=lambda: self.seconds)


@pytest.mark.parametrize("seconds", [0, 2, 60])
def test_three_quiet_seconds_are_enough(seconds: float) -> None:
    machine = Machine(QUIET)
    assert machine.wait(seconds) == []
    assert machine.seconds == 3


def test_they_must_follow_each_other() -> None:
    machine = Machine(QUIET, QUIET, NOISY, QUIET, NOISY, QUIET, QUIET, QUIET)
    assert machine.wait(60) == []
    assert machine.seconds == 8


def test_time_runs_out_and_the_reasons_name_who_it_was() -> None:
    machine = Machine(NOISY)
    (reason,) = machine.wait(10)
    assert reason.startswith(f"{validity.OTHERS_CPU.title} 60 %")
    assert reason.endswith(": cc1 (4711) 58 %")
    assert machine.seconds == 10


def test_a_machine_that_was_noisy_a_moment_ago_is_not_quiet() -> None:
    machine = Machine(NOISY, NOISY, QUIET, QUIET)
    assert len(machine.wait(4)) == 1
    assert Machine(NOISY, QUIET, QUIET).wait(0) != []


def test_stolen_time_is_a_reason_too() -> None:
    (reason,) = Machine(look(0.0, 0.03)).wait(3)
    assert re.fullmatch(rf"{validity.STEAL.title} 3 %.* 2 %.*", reason)
    assert len(Machine(look(0.5, 0.03)).wait(3)) == 2


def test_what_the_machine_does_not_tell_is_waited_for_in_vain() -> None:
    assert Machine(look(None, None)).wait(60) == []


def test_progress_is_told_every_few_seconds() -> None:
    said: list[str] = []
    Machine(NOISY).wait(20, said.append)
    assert 2 <= len(said) <= 4
    assert "cc1 (4711) 58 %" in said[0]
    assert "s at most" in said[0]


def test_the_busiest_come_first_and_idle_ones_not_at_all() -> None:
    used = {"a (1)": 0.02, "b (2)": 0.7, "c (3)": 0.001, "d (4)": 0.3, "e (5)": 0.05}
    assert interference.busiest(used) == ["b (2) 70 %", "d (4) 30 %", "e (5) 5 %"]
    assert interference.busiest({"c (3)": 0.001}) == []


class Watched(NamedTuple):
    """A look at the machine beside a burner, and a parent that waited meanwhile for a child that had burned before."""

    seen: Activity
    burner: int
    parent: int


@pytest.fixture(scope="module")
def watched(alone: None, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Two seconds of it."""
    folder = tmp_path_factory.mktemp("watched")
    with Children() as children:
        harness = start(children, folder, "sleeper", SLEEPER, [])
        burner = start(children, folder, "burner", BURN, CPUS[:1])
        parent = start(children, folder, "parent", [sys.executable, "-c", PARENT], [])  # last: its child ends soon
        seen = interference.watch_host(CPUS, 2.0, harness.pid)
        assert eventually(lambda: "reaped" in parent.log.read_text())
    return Watched(seen, burner.pid, parent.pid)


def test_a_real_burner_disturbs_and_is_named(watched: Watched) -> None:
    assert any(f"({watched.burner})" in each for each in watched.seen.busiest)
    # None only in a container, where others can't be seen.
    assert watched.seen.interference.others_cpu_share is None or idle.disturbances([watched.seen])


def test_what_a_child_used_long_ago_is_not_blamed_on_who_waited_for_it(watched: Watched) -> None:
    assert not any(f"({watched.parent})" in each for each in watched.seen.busiest)
