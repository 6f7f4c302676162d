"""CPU and memory of other processes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tandem.launch import process
from tandem.launch.process import Child, Children
from tandem.observe import usage
from tandem.observe.usage import Id, Spent
from tests.support.waiting import eventually

# Burns CPU in a child process and, before that, in a thread that has ended when it says "up".
BURNER = """
import multiprocessing, threading, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
if __name__ == "__main__":
    thread = threading.Thread(target=burn, args=(0.3,))
    thread.start(); thread.join()
    child = multiprocessing.get_context("fork").Process(target=burn, args=(0.4,))
    child.start()
    while child.exitcode is None and time.sleep(0.01) is None:
        pass
    print("up", flush=True)
    burn(0.3)
    print("done", flush=True)
    time.sleep(60)
"""


def start(tmp_path: Path, children: Children) -> Child:
    command = [sys.executable, "-c", BURNER]
    return children.add(
        Child("burner", command, log=tmp_path / "log", cpus=[], env=process.environment({}), cwd=tmp_path)
    )


@pytest.mark.usefixtures("processes")
def test_what_was_burnt_is_seen_threads_that_ended_included(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: "done" in burner.log.read_text())
        spent = usage.seconds({}, usage.read([burner.pid]))
    assert 0.95 < spent < 3  # 0.3 s in a thread, 0.4 s in a child that it waited for, 0.3 s in itself


@pytest.mark.usefixtures("processes")
def test_the_difference_of_two_readings_counts(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: "up" in burner.log.read_text())
        before = usage.read([burner.pid])
        assert eventually(lambda: "done" in burner.log.read_text())
        later = usage.read([burner.pid])
        assert 0.0 < usage.seconds(before, later) < usage.seconds({}, later)
        time.sleep(0.3)
        assert usage.seconds(later, usage.read([burner.pid])) < 0.2  # it sleeps


def _worker(found: usage.Usage) -> int:
    """Return what the youngest of two processes has used."""
    return found[max(found)].own if len(found) == 2 else 0


@pytest.mark.usefixtures("alone")
def test_a_worker_that_ends_between_two_readings_counts_with_what_it_used_in_between(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: _worker(usage.read([burner.pid])) > 150_000_000)
        before = usage.read([burner.pid])
        assert eventually(lambda: "done" in burner.log.read_text())
        after = usage.read([burner.pid])
    assert len(before) == 2
    assert len(after) == 1
    whole = usage.seconds({}, before) + usage.seconds(before, after)
    assert abs(whole - usage.seconds({}, after)) < 0.05


def test_a_process_that_ends_unseen_takes_nothing_from_the_others() -> None:
    before = {Id(1, 0): Spent(100, 0), Id(2, 0): Spent(5_000_000_000, 0)}
    assert usage.seconds(before, {Id(1, 0): Spent(2_000_000_100, 0)}) == 2.0


def test_processes_are_read_whatever_their_names() -> None:
    fields = "S 7 8 9 0 -1 2129984 1 2 3 4 5 6 150 50 20 0 1 0 99 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 3 0 0 0"
    found = usage._parse(42, f"42 (a) (b) {fields}")
    assert (found.name, found.parent, found.session, found.kernel, found.cpu) == ("a) (b", 7, 9, True, 3)
    assert found.reaped == 200 * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


# A worker and its master as the kernel showed them, and then another worker that got the number of the first.
MASTER = "41 (gunicorn) S 7 41 41 0 -1 4194560 1 0 0 0 10 2 %d 0 20 0 1 0 5000 9 9 9 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0"
WORKER = "42 (gunicorn) S 41 41 41 0 -1 4194560 1 0 0 0 10 2 0 0 20 0 1 0 %d 9 9 9 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0"


def test_a_number_that_is_given_again_is_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(started: int, reaped: int, worker: float) -> usage.Usage:
        clocks = {41: 0, 42: int(worker * 1e9)}
        monkeypatch.setattr(usage, "cpu_nanoseconds", clocks.__getitem__)
        return usage.spent([usage._parse(41, MASTER % reaped), usage._parse(42, WORKER % started)])

    second = os.sysconf("SC_CLK_TCK")
    before = read(started=5100, reaped=0, worker=3.0)
    assert usage.seconds(before, read(started=5100, reaped=0, worker=4.0)) == 1.0
    # The first used a second more before it ended, which only who waited for it can tell; the second used half a second.
    assert usage.seconds(before, read(started=9000, reaped=4 * second, worker=0.5)) == 1.5
    assert usage.seconds(before, read(started=9000, reaped=0, worker=0.5)) == 0.5


def test_this_process_is_among_all() -> None:
    mine = next(each for each in usage.scan() if each.pid == os.getpid())
    assert (mine.parent, mine.session, mine.kernel) == (os.getppid(), os.getsid(0), False)
    assert mine.cpu in range(os.cpu_count() or 1)


@pytest.mark.usefixtures("processes")
def test_workers_belong_to_their_session(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: len(usage.read([burner.pid])) == 2)


@pytest.mark.usefixtures("processes")
def test_memory_is_about_that_of_a_small_python(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: "up" in burner.log.read_text())
        found = usage.memory_bytes([burner.pid])
    assert found is not None
    assert 1_000_000 < found < 200_000_000


def test_a_session_that_has_gone_uses_nothing() -> None:
    assert usage.read([2**22 + 1]) == {}
    assert usage.memory_bytes([2**22 + 1]) == 0
    assert usage.below([2**22 + 1]) == []
