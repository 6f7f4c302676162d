"""Locks: what runs is named, and a process that ended holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.launch import lock
from tandem.paths import PROJECT

HOLDER = """
import sys; from pathlib import Path; from tandem.launch import lock
with lock.hold(sys.argv[2], ["tandem", *sys.argv[3:]], Path(sys.argv[1])):
    print("held", flush=True); sys.stdin.read()
"""


@pytest.fixture
def other(processes: None, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that compares."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path), lock.COMPARING, "compare", "--quick"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_comparison_is_refused_and_the_first_is_named(other: subprocess.Popen[str], tmp_path: Path) -> None:
    says = rf"`tandem compare --quick` \(process {other.pid}\) is running: wait until it ends, or stop it"
    with pytest.raises(TandemError, match=says), lock.hold(lock.COMPARING, ["tandem", "compare"], tmp_path):
        pass
    with lock.hold("serve-1", ["tandem", "serve"], tmp_path):  # serving is no obstacle
        assert lock.running(tmp_path) == [
            f"`tandem compare --quick` (process {other.pid})",
            *lock.running(tmp_path)[1:],
        ]
        assert len(lock.running(tmp_path)) == 2


def test_a_process_that_was_killed_holds_nothing(other: subprocess.Popen[str], tmp_path: Path) -> None:
    other.kill()
    other.wait()
    assert lock.running(tmp_path) == []
    with lock.hold(lock.COMPARING, ["tandem", "compare"], tmp_path):
        assert len(lock.running(tmp_path)) == 1
    assert lock.running(tmp_path) == []


def clone(folder: Path) -> Path:
    """Return a folder with what `make clean` uses, and something of each kind that it may meet."""
    (folder / "Makefile").write_text((PROJECT / "Makefile").read_text())
    for name in ("__init__.py", "errors.py", "paths.py", "launch/__init__.py", "launch/lock.py"):
        (folder / "tandem" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tandem" / name).write_text((PROJECT / "tandem" / name).read_text())
    for name in ("var/asgi.db", ".mypy_cache/x", "results/2026-11-20T12-00-00Z/records.jsonl", ".venv/ready"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
    return folder


def make(target: str, folder: Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", target, f"PYTHON={sys.executable}"],
        cwd=folder,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("processes")
def test_clean_removes_databases_and_caches_only(tmp_path: Path) -> None:
    folder = clone(tmp_path)
    assert make("clean", folder).returncode == 0
    left = {path.name for path in folder.iterdir()}
    assert left == {"Makefile", "tandem", "results", ".venv"}


@pytest.mark.usefixtures("processes")
def test_results_are_removed_only_if_somebody_says_so(tmp_path: Path) -> None:
    folder = clone(tmp_path)
    for answer in ("", "n\n"):
        assert make("clean-results", folder, answer).returncode == 0
        assert (folder / "results").exists()
    assert "1 runs" in make("clean-results", folder, "y\n").stdout
    assert not (folder / "results").exists()


@pytest.mark.usefixtures("processes")
def test_nothing_is_removed_while_something_runs(tmp_path: Path) -> None:
    folder = clone(tmp_path)
    with lock.hold("serve-7", ["tandem", "serve", "asgi"], folder / "var" / "running"):
        for target in ("clean", "clean-results"):
            done = make(target, folder, "y\n")
            assert done.returncode != 0
            assert f"`tandem serve asgi` (process {os.getpid()}" in done.stderr
    assert (folder / "var" / "asgi.db").exists()
    assert (folder / "results").exists()
