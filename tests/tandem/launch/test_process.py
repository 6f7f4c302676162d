"""Children, with real processes: none may outlive the harness."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.errors import RunFailed, TandemError
from tandem.launch import process
from tandem.launch.process import Children
from tandem.paths import PROJECT
from tests.support.children import SLEEPER, child, daemon, up
from tests.support.processes import alive
from tests.support.waiting import PATIENCE, eventually

STUBBORN = [
    sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]  # fmt: skip
# Tells how often it was asked to stop, and does so a little later.
SLOWLY = [
    "sh", "-c", "trap 'echo asked; left=4' TERM; left=600; echo up; "
    "while [ $left -gt 0 ]; do left=$((left - 1)); sleep 0.1; done; echo over",
]  # fmt: skip
# Starts a child of its own and hands SIGTERM on to it, as servers with workers do.
MASTER = [
    sys.executable, "-c", """
import signal, subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
signal.signal(signal.SIGTERM, lambda *_: (worker.terminate(), sys.exit(0)))
print("up", worker.pid, flush=True)
worker.wait()
""",
]  # fmt: skip
PARENT = """
import signal, sys, time
from pathlib import Path
from tandem.launch import process, signals
from tandem.launch.process import Child, Children
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever started the tests may ignore it, as nohup does
with signals.stoppable(), Children() as children:
    for number, command in enumerate({commands!r}):
        log = Path({folder!r}) / f"{{number}}.log"
        env = process.environment({{}})
        children.add(Child(f"child {{number}}", command, log=log, cpus=[], env=env, cwd=Path("/"), kept={kept}))
    time.sleep(60)
"""


@pytest.mark.usefixtures("processes")
def test_children_are_stopped_at_the_end_of_the_block(tmp_path: Path) -> None:
    with Children() as children:
        started = [children.add(child(tmp_path, SLEEPER, f"child-{n}")) for n in range(2)]
        assert all(alive(each.pid) for each in started)
    assert not any(alive(each.pid) for each in started)


@pytest.mark.usefixtures("processes")
def test_a_child_that_ignores_sigterm_is_killed_with_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STOP_SECONDS", 0.3)
    with Children() as children:
        stubborn = children.add(child(tmp_path, STUBBORN))
        assert eventually(lambda: up(stubborn))
    assert not alive(stubborn.pid)
    assert stubborn.tail().endswith("child was killed: it had not ended 0.3 s after it was asked to (SIGTERM)")


@pytest.mark.usefixtures("processes")
def test_who_was_asked_to_stop_is_not_asked_again(tmp_path: Path) -> None:
    with Children() as children:
        asked = children.add(child(tmp_path, SLOWLY))
        eventually(lambda: up(asked))
        children.terminate()
        eventually(lambda: "asked" in asked.tail())
    assert asked.tail().split() == ["up", "asked", "over"]  # and no word of being killed


@pytest.mark.usefixtures("processes")
def test_what_a_dead_child_leaves_behind_is_killed_too(tmp_path: Path) -> None:
    orphaning = [*MASTER[:2], MASTER[2].replace("worker.wait()", "sys.exit(0)")]
    with Children() as children:
        master = children.add(child(tmp_path, orphaning))
        assert eventually(lambda: up(master) and not master.running())
        worker = int(master.log.read_text().split()[1])
        assert alive(worker)
    assert eventually(lambda: not alive(worker))


@pytest.mark.usefixtures("processes")
def test_a_child_runs_on_its_cpus_in_a_session_of_its_own(tmp_path: Path) -> None:
    cpu = max(os.sched_getaffinity(0))
    with Children() as children:
        pinned = children.add(child(tmp_path, SLEEPER, cpus=[cpu]))
        assert os.sched_getaffinity(pinned.pid) == {cpu}
        assert os.getsid(pinned.pid) == pinned.pid


def test_the_environment_of_the_caller_does_not_configure_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--workers 9")
    monkeypatch.setenv("WEB_CONCURRENCY", "9")
    given = process.environment({"READ_CONNECTIONS": "4"})
    assert given["READ_CONNECTIONS"] == "4"
    assert given["PATH"] == os.environ["PATH"]
    assert not {"GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"} & set(given)


@pytest.mark.usefixtures("processes")
def test_a_child_that_ended_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    with Children() as children:
        children.add(child(tmp_path, [sys.executable, "-c", "print('no zebra here'); raise SystemExit(7)"], "zoo"))
        assert eventually(lambda: not children.children[0].running())
        with pytest.raises(RunFailed, match=r"zoo ended by itself \(exit status 7\).*\n.*no zebra here"):
            children.check()


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.usefixtures("processes")
def test_a_program_that_is_missing_is_named(tmp_path: Path, kept: bool) -> None:
    with pytest.raises(TandemError, match="zoo can't be started: `/no/such/program`"):
        child(tmp_path, ["/no/such/program"], "zoo", kept=kept)


@pytest.mark.usefixtures("processes")
def test_a_daemon_does_not_outlive_a_harness_that_is_killed(tmp_path: Path) -> None:
    code = PARENT.format(commands=[daemon(0)], folder=str(tmp_path), kept=True)
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PROJECT)})
    log = tmp_path / "0.log"
    try:
        assert eventually(lambda: log.exists() and "up" in log.read_text())
        pid = int(log.read_text().split()[1])
        assert alive(pid)
    finally:
        parent.kill()
        parent.wait()
    assert eventually(lambda: not alive(pid))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.usefixtures("processes")
def test_no_signal_to_the_harness_leaves_anything_running(tmp_path: Path, number: signal.Signals) -> None:
    """Children and their workers are gone a few seconds later, even after SIGKILL, which the harness never sees."""
    code = PARENT.format(commands=[SLEEPER, MASTER], folder=str(tmp_path), kept=False)
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PROJECT)}, stderr=subprocess.DEVNULL
    )
    log = tmp_path / "1.log"
    try:
        assert eventually(lambda: log.exists() and "up" in log.read_text())
        worker = int(log.read_text().split()[1])
        started = [worker, os.getsid(worker)]
        assert all(alive(pid) for pid in started)
        parent.send_signal(number)
        parent.wait(PATIENCE)
    finally:
        parent.kill()
        parent.wait()
    assert eventually(lambda: not any(alive(pid) for pid in started))


@pytest.mark.usefixtures("processes")
def test_a_command_is_run_to_its_end(tmp_path: Path) -> None:
    def run(code: str, seconds: float = 20) -> str:
        command = [sys.executable, "-c", code]
        return process.run(
            command, what="it", env=process.environment({}), cwd=tmp_path, log=tmp_path / "log", seconds=seconds
        )

    assert run("print('done')") == "done\n"
    with pytest.raises(RunFailed, match=r"it failed \(exit status 3\):\nbroken"):
        run("print('broken'); raise SystemExit(3)")
    with pytest.raises(RunFailed, match=r"it took longer than 0\.2 s"):
        run("import time; time.sleep(60)", 0.2)
