"""CPU and memory of other processes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tandem import process, usage
from tandem.process import Child, Children
from tests.tandem.test_process import eventually

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


def test_what_was_burnt_is_seen_threads_that_ended_included(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: "done" in burner.log.read_text(), 30)
        spent = usage.seconds({}, usage.read([burner.pid]))
    assert 0.55 < spent < 3  # 0.6 s in the process itself; what its child used ended with it


def test_the_difference_of_two_readings_counts(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: "up" in burner.log.read_text(), 30)
        before = usage.read([burner.pid])
        assert eventually(lambda: "done" in burner.log.read_text(), 30)
        later = usage.read([burner.pid])
        assert 0.0 < usage.seconds(before, later) < usage.seconds({}, later)
        time.sleep(0.3)
        assert usage.seconds(later, usage.read([burner.pid])) < 0.2  # it sleeps


def test_workers_belong_to_their_session(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: len(usage.members(burner.pid)) == 2, 30)


def test_memory_is_about_that_of_a_small_python(tmp_path: Path) -> None:
    with Children() as children:
        burner = start(tmp_path, children)
        assert eventually(lambda: "up" in burner.log.read_text(), 30)
        found = usage.memory_bytes([burner.pid])
    assert found is not None
    assert 1_000_000 < found < 200_000_000


def test_a_session_that_has_gone_uses_nothing() -> None:
    assert usage.read([2**22 + 1]) == {}
    assert usage.memory_bytes([2**22 + 1]) == 0
