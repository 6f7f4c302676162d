"""Children with a keeper: whatever they leave in sessions of their own ends with them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tandem.errors import RunFailed
from tandem.launch import process
from tandem.launch.process import Children
from tandem.observe import usage
from tests.support.children import SLEEPER, child, daemon, up
from tests.support.processes import alive, server
from tests.support.waiting import eventually


@pytest.mark.parametrize("seconds", [0, 60])
@pytest.mark.usefixtures("processes")
def test_a_daemon_is_kept_and_ends_with_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """Whether or not the process that started it is still there, it is below the keeper, on the child's CPUs."""
    monkeypatch.setattr(process, "STOP_SECONDS", 0.5)
    cpu = max(os.sched_getaffinity(0))
    with Children() as children:
        kept = children.add(child(tmp_path, daemon(seconds), cpus=[cpu], kept=True))
        assert eventually(lambda: up(kept))
        pid = int(kept.log.read_text().split()[1])
        assert eventually(lambda: pid in usage.below([kept.pid]) and (seconds > 0 or len(usage.below([kept.pid])) == 1))
        assert os.getsid(pid) != kept.pid
        assert os.sched_getaffinity(pid) == {cpu}
        children.check()
    assert not alive(pid)
    assert not alive(kept.pid)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("by", [signal.SIGSTOP, signal.SIGKILL])
def test_a_daemon_ends_although_its_keeper_was_stopped_or_killed(
    by: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_SECONDS", 0.5)
    # Without the signal that the end of its keeper would bring.
    stop = f"import ctypes, os; ctypes.CDLL(None).prctl(1, 0); os.kill(os.getppid(), {int(by)})\n"
    with Children() as children:
        kept = children.add(child(tmp_path, daemon(60, first=stop), kept=True))
        assert eventually(lambda: up(kept))
        pid = int(kept.log.read_text().split()[1])
        assert alive(pid)
    assert not alive(pid)


@pytest.mark.usefixtures("processes")
def test_a_kept_child_that_fails_takes_what_it_left_behind_with_it(tmp_path: Path) -> None:
    with Children() as children:
        kept = children.add(child(tmp_path, daemon(0, status=7), "zoo", kept=True))
        assert eventually(lambda: not kept.running())
        assert not alive(int(kept.log.read_text().split()[1]))
        with pytest.raises(RunFailed, match=r"zoo ended by itself \(exit status 7\)"):
            children.check()


@pytest.mark.usefixtures("processes")
def test_a_kept_child_ends_by_its_signal(tmp_path: Path) -> None:
    with Children() as children:
        kept = children.add(child(tmp_path, SLEEPER, "zoo", kept=True))
        assert eventually(lambda: up(kept))
        os.kill(server(kept.pid), signal.SIGKILL)
        assert eventually(lambda: not kept.running())
        with pytest.raises(RunFailed, match=r"zoo ended by itself \(signal SIGKILL\)"):
            children.check()
