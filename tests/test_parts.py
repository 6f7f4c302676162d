"""The parts of the tests: what starts no process is held to that, and one line tells what became of all."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests import __main__ as parts


def test_a_test_that_starts_a_process_without_saying_so_fails() -> None:
    """This one does not say so."""
    with pytest.raises(pytest.fail.Exception, match="asks for the fixture `processes`"):
        subprocess.run(["true"], check=False)
    with pytest.raises(pytest.fail.Exception, match="asks for the fixture `processes`"):
        os.posix_spawn(shutil.which("true") or "", ["true"], {})


@pytest.mark.usefixtures("processes")
def test_a_test_that_says_so_may() -> None:
    assert subprocess.run(["true"], check=False).returncode == 0


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0, 0], 0),
        ([0, 5], 0),
        ([5, 0], 0),
        ([5, 5], 1),
        ([1, 0], 1),
        ([0, 1], 1),
        ([1, 5], 1),
        ([0, 2], 1),
        ([-6, 0], 1),
    ],
)
def test_every_part_must_pass(monkeypatch: pytest.MonkeyPatch, statuses: list[int], status: int) -> None:
    left = iter(statuses)
    monkeypatch.setattr(parts, "run", lambda arguments, counts: next(left))
    assert parts.main([]) == status
    assert next(left, None) is None  # none is left out, also where one before it fails


@pytest.mark.parametrize("status", [0, 2])
def test_the_checks_must_pass_too_and_end_before_anything_measures(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def check() -> int:
        started.wait()
        done.append("check")
        return status

    def run(arguments: list[str], counts: Counter[str]) -> int:
        started.set()
        done.append(arguments[1])
        return 0

    started = threading.Event()
    monkeypatch.setattr(parts, "check", check)
    monkeypatch.setattr(parts, "run", run)
    assert parts.main(["--checks"]) == bool(status)
    assert sorted(done[:2]) == ["check", "not alone"]
    assert done[2:] == ["alone"]
    assert parts.main([]) == 0
    assert "check" not in done[3:]


def test_the_totals_are_those_of_all_parts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def told(arguments: list[str], counts: Counter[str]) -> int:
        counts.update(passed=2, skipped=1)
        return 0

    monkeypatch.setattr(parts, "run", told)
    assert parts.main(["fast", "alone", "-k", "x"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("=== 4 passed, 2 skipped in ")


def test_a_part_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parts.main(["zebra"])
    assert "there is no part zebra" in capsys.readouterr().err


@pytest.mark.usefixtures("processes")
def test_what_became_of_the_tests_is_read_from_pytest_and_the_slowest_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "test_three.py"
    file.write_text("import pytest\ndef test_a(): pass\ndef test_b(): assert 0\ndef test_c(): pytest.skip('x')\n")
    counts = Counter[str]()
    assert parts.run(["-c", os.devnull, "--rootdir", str(tmp_path), "-p", "no:cacheprovider", str(file)], counts) == 1
    assert counts == {"passed": 1, "failed": 1, "errors": 0, "skipped": 1}
    assert f"slowest {parts.SLOWEST} durations" in capfd.readouterr().out


def project_of_tests(tmp_path: Path, text: str) -> list[str]:
    """A file of tests in a folder of its own, with what pytest is told to run it there, where it can note what failed."""
    file = tmp_path / "test_some.py"
    file.write_text(text)
    return ["-c", os.devnull, "--rootdir", str(tmp_path), "-o", f"cache_dir={tmp_path / 'cache'}", str(file)]


@pytest.mark.usefixtures("processes")
def test_what_passes_only_when_repeated_is_counted_as_such(tmp_path: Path) -> None:
    arguments = project_of_tests(
        tmp_path,
        "from pathlib import Path\n"
        "def test_a(): pass\n"
        f"def test_b(seen=Path({str(tmp_path / 'seen')!r})): assert seen.exists() or seen.write_text('') is None and 0\n",
    )
    counts = Counter[str]()
    assert parts.run_with_repeats(arguments, counts) == 0
    assert +counts == {"passed": 1, parts.REPEATED: 1}


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("failing", [1, parts.FEW + 1])
def test_what_fails_twice_or_is_not_alone_fails(tmp_path: Path, failing: int) -> None:
    arguments = project_of_tests(
        tmp_path, "def test_a(): pass\n" + "".join(f"def test_{n}(): assert 0\n" for n in range(failing))
    )
    counts = Counter[str]()
    assert parts.run_with_repeats(arguments, counts) == 1
    assert +counts == {"passed": 1, "failed": failing}
