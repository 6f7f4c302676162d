"""The generator: one Locust process per block, on its own CPU.

It is started and loaded beforehand, held back by `gate/hold.py`, and released when its block's turn comes. Its run has
two parts, the warm-up and the window; what is due in the window alone counts. When the time is over no more requests
are sent, and those in flight get their whole timeout.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from openloop.lines import ANSWERED, BEGAN, WAITS
from tandem.drive.command import END_MARGIN, Drive, command
from tandem.errors import RunFailed, TandemError
from tandem.launch import process
from tandem.launch.process import Child
from tandem.paths import PROJECT

MEASURED = (0, 1, 3)
"""Exit status of a Locust that measured: all went well, requests failed, requests were sent late; the samples say which."""

LOADS_WITHIN, STARTS_WITHIN = 30.0, 10.0
LOOK_SECONDS = 0.005
"""How often it is looked whether a turn's last answer has come: often beside a gap between turns, seldom beside the CPU of it."""


class Span(NamedTuple):
    """The measured part of a block, in seconds since the epoch."""

    start: float
    end: float


def check(*load_tests: Path) -> None:
    """Raise TandemError where Locust is missing, or one of these folders with its scenarios."""
    if importlib.util.find_spec("locust") is None:
        raise TandemError("Locust is missing: run `make setup`, then use .venv/bin/tandem")
    for folder in load_tests:
        if not folder.is_dir():
            raise TandemError(f"no Locust scenarios in {folder}: the app's row names it as `load_test`")


class Generator:
    """Locust for one block, loaded and waiting."""

    def __init__(self, drive: Drive, child: Child, samples: Path) -> None:
        self.drive, self.child, self.samples = drive, child, samples
        self._turns = 0

    @classmethod
    def prepare(
        cls,
        drive: Drive,
        *,
        load_test: str,
        host: str,
        key: str,
        users: int,
        samples: Path,
        log: Path,
        cpus: Sequence[int],
    ) -> Generator:
        """Start Locust up to the point where it would send requests to a database of so many users."""
        log.unlink(missing_ok=True)
        samples.unlink(missing_ok=True)
        given = command(drive, load_test=load_test, host=host, key=key, users=users, samples=samples)
        child = Child(
            f"Locust ({drive.scenario})",
            given,
            log=log,
            cpus=cpus,
            env=process.environment({}),
            cwd=PROJECT,
            gated=True,
        )
        return cls(drive, child, samples)

    def loaded(self) -> None:
        """Wait until it is held back: nothing of its imports falls into anyone's window. Raises RunFailed."""
        self._wait_for("Locust is loaded and waits", LOADS_WITHIN)

    def release(self) -> Span:
        """Let it go, and return the window that it will fill. Raises RunFailed where it doesn't start."""
        self._tell("go")
        began = moment_in(BEGAN, self._wait_for(BEGAN, STARTS_WITHIN))
        end = began + self.drive.warmup_seconds + self.drive.seconds - END_MARGIN
        return Span(end - self.drive.seconds, end)

    def join_in(self) -> None:
        """Let one that takes turns go on until it waits for the first. Raises RunFailed where it doesn't start."""
        self._tell("go")
        self._wait_for(WAITS, STARTS_WITHIN)

    def take_turn(self, turn: Span) -> None:
        """Have it send in this time and in no other until the next turn. Raises RunFailed where it has ended."""
        self._turns += 1
        self._tell(f"{turn.start:.6f} {turn.end:.6f}")

    def answered(self, watch: Callable[[], None]) -> float:
        """Wait until nothing of its last turn is in flight, and return when that was. Raises RunFailed where it never is."""
        within = self.drive.drain_seconds + STARTS_WITHIN
        return moment_in(ANSWERED, self._wait_for(ANSWERED, within, self._turns, LOOK_SECONDS, watch))

    def no_more_turns(self) -> None:
        """Let one that takes turns write its samples and end."""
        assert self.child.popen.stdin is not None
        self.child.popen.stdin.close()

    def _tell(self, line: str) -> None:
        assert self.child.popen.stdin is not None
        try:
            self.child.popen.stdin.write(f"{line}\n".encode())
            self.child.popen.stdin.flush()
        except BrokenPipeError:
            self.child.check()

    def finish(self, watch: Callable[[], None]) -> None:
        """Wait for its end, calling `watch` meanwhile. Raises RunFailed where it fails or leaves no samples."""
        deadline = time.monotonic() + self.drive.drain_seconds + 10
        while self.child.running():
            watch()
            if time.monotonic() > deadline:
                raise RunFailed(f"{self.child.name} doesn't end; its last log lines:\n{self.child.tail()}")
            time.sleep(0.02)
        self.child.kill()
        code = self.child.popen.returncode
        if code not in MEASURED or not self.samples.is_file():
            what = f"ended with status {code}" if code not in MEASURED else "left no samples"
            raise RunFailed(f"{self.child.name} {what}; its last log lines:\n{self.child.tail()}")

    def _wait_for(
        self,
        text: str,
        seconds: float,
        number: int = 1,
        every: float = 0.01,
        watch: Callable[[], None] = lambda: None,
    ) -> str:
        """Wait for so many whole lines that hold `text`, calling `watch` meanwhile, and return the last."""
        deadline = time.monotonic() + seconds
        while len(found := [line for line in self._lines() if text in line]) < number:
            self.child.check()
            watch()
            if time.monotonic() > deadline:
                what = "didn't get all answers" if text == ANSWERED else "didn't start"
                raise RunFailed(
                    f"{self.child.name} {what} within {seconds:g} s; its last log lines:\n{self.child.tail()}"
                )
            time.sleep(every)
        return found[number - 1]

    def _lines(self) -> list[str]:
        return self.child.log.read_text(errors="replace").split("\n")[:-1]


def moment_in(beginning: str, line: str) -> float:
    """Return the moment of `openloop began 1790000000.123456`, in seconds since the epoch. Raises RunFailed.

    What the line says counts, not when it was seen: Locust is busy then, on the CPU that it shares with the harness.
    """
    try:
        return float(line.removeprefix(beginning))
    except ValueError as error:
        raise RunFailed(f"a line of the load test has another form than expected: {line!r}") from error
