"""`python -m tests [--checks] [PART …] [OPTION …]`: all tests, those that measure at the end, or a part; one line of totals."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from tandem.paths import PROJECT


def parallel(workers: int) -> list[str]:
    """What pytest is told to run tests in so many processes, in the order of tests/conftest.py: what takes longest first."""
    return ["--numprocesses", str(workers), "--no-loadscope-reorder"]


ALONE = (
    "tests/loadtest/test_open_loop.py", "tests/loadtest/test_runs.py", "tests/openloop/test_timer.py", "tests/selftest",
    "tests/tandem/drive/test_calibration.py", "tests/tandem/drive/test_generator.py", "tests/tandem/experiments/test_idle.py",
    "tests/tandem/observe/test_interference.py", "tests/tandem/observe/test_usage.py",
)  # fmt: skip
"""Where all tests are that run alone (tests/conftest.py holds them to it): to collect the others takes its time, too."""

CPUS = len(os.sched_getaffinity(0))
PARTS = {
    "fast": ["-m", "not processes", *parallel(3 * CPUS)],  # starts no process; some of it waits
    "parallel": ["-m", "not alone", *parallel(3 * CPUS)],  # those too; while one waits for its processes another works
    "alone": ["-m", "alone", *ALONE],  # measures, or would be disturbed: nothing may run beside it
}
"""What pytest is told for each part; the marks come from the fixtures that a test uses (tests/conftest.py)."""

ALL = ("parallel", "alone")
"""The parts that hold every test once."""

TESTS_FAILED, NO_TESTS = 1, 5
"""What pytest returns where tests failed, and where none was chosen."""

FEW = 3
"""Up to so many tests that failed are run again: where more do, it is not chance."""

REPEATED = "passed only when repeated"

SLOWEST = 10
"""So many of the slowest tests are named at the end of each part: whoever adds a test sees its price."""


def main(arguments: list[str] | None = None) -> int:
    """Run the parts, all of them also where one fails; return 0 only where every one passed."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=str(__doc__).partition(": ")[2])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: {', '.join(ALL)})")
    parser.add_argument("--checks", action="store_true", help="run `make check` beside the first part, too")
    options, more = parser.parse_known_args(arguments)
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    began, counts, statuses = time.monotonic(), Counter[str](), set[int]()
    with ThreadPoolExecutor(1) as beside:
        checked = beside.submit(check) if options.checks else None
        for part in options.parts or ALL:
            print(f"--- {part}", flush=True)
            statuses.add(run_with_repeats([*PARTS[part], *more], counts))
            if checked and checked.result():  # nothing may run beside what measures, so it has ended by then
                statuses.add(1)
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    print(f"=== {told or 'no tests ran'} in {time.monotonic() - began:.2f}s", flush=True)
    return 0 if statuses <= {0, NO_TESTS} and 0 in statuses else 1


def run_with_repeats(arguments: list[str], counts: Counter[str]) -> int:
    """Run pytest; where few tests fail, run those again by themselves, and count and name the ones that pass then.

    What is wrong fails twice. What failed for want of a CPU should not hide that all else passed; but it should be mended, too.
    """
    found, repeated = Counter[str](), Counter[str]()
    status = run(arguments, found)
    if status == TESTS_FAILED and 0 < found["failed"] + found["errors"] <= FEW:
        print("--- what failed, again and by itself", flush=True)
        status = run(
            [*arguments, "--numprocesses=0", "--last-failed", "--last-failed-no-failures=none", "-v"], repeated
        )
        if status == 0:
            found.update({REPEATED: repeated["passed"]})
            found.update(failed=-found["failed"], errors=-found["errors"])
    counts.update(found)
    return status


def check() -> int:
    """Run `make check`, most of which keeps one CPU busy, say what it said as soon as it has ended, and return its status."""
    command = ["make", "--no-print-directory", "check"]
    done = subprocess.run(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(f"--- check\n{done.stdout}", end="", flush=True)
    return done.returncode


def run(arguments: list[str], counts: Counter[str]) -> int:
    """Run pytest, add what became of the tests, and return its status.

    The tests start hundreds of processes: none of them should compile anew what was compiled before.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory(prefix="tandem-tests-") as folder:
        told = Path(folder) / "told.xml"
        command = [sys.executable, "-m", "pytest", f"--junitxml={told}", f"--durations={SLOWEST}", *arguments]
        status = subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
        if told.exists():
            found = {key: int(value) for key, value in ElementTree.parse(told).getroot()[0].items() if value.isdigit()}
            failed, errors, skipped = found["failures"], found["errors"], found["skipped"]
            counts["passed"] += found["tests"] - failed - errors - skipped
            counts.update(failed=failed, errors=errors, skipped=skipped)
    return status


if __name__ == "__main__":
    sys.exit(main())
