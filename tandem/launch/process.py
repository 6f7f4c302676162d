"""Child processes that never outlive the harness.

Every child gets a session of its own, the CPUs it may use, a log file, and a parent-death signal: when the harness is
killed, however hard, the kernel sends SIGTERM to its direct children, and those (gunicorn, nginx) end their workers.
SIGKILL as that signal would leave workers behind. The kernel sends it when the *thread* that started the child ends,
so children are started from the main thread only.

A child that is `kept` may make sessions of its own, and daemons: a keeper stands above it (keeper.py), below which all stays.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tandem.errors import RunFailed, TandemError
from tandem.formats import printable
from tandem.launch import preparation
from tandem.launch.keeper import STOP_SECONDS

MARK = "TANDEM_KEPT"
"""The environment variable that all below a keeper inherit: what is left of them is found by it where the keeper was killed."""

INHERITED = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "ALLOW_DEFECTIVE_SQLITE",
)
"""All that children inherit: server settings in the caller's environment (WEB_CONCURRENCY, GUNICORN_CMD_ARGS, …) stay out."""


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child: what is inherited, unbuffered output, and `extra`."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, "PYTHONUNBUFFERED": "1", **extra}


class Child:
    """A running child process; `stop` ends it and everything in its session."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        cpus: Sequence[int],
        env: Mapping[str, str],
        cwd: Path,
        gated: bool = False,
        kept: bool = False,
        signs: Mapping[str, str] | None = None,
    ) -> None:
        """Start it; `signs` says what some lines of its log mean. Raises TandemError where its program can't be started."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are started from the main thread: the parent-death signal follows the thread")
        self.name, self.log, self.kept, self._asked, self._signs = name, log, kept, False, signs or {}
        self._mark = f"{MARK}={secrets.token_hex(8)}"
        prepare = preparation.prepare(() if kept else cpus, (signal.SIGTERM, signal.SIGUSR1) if kept else ())
        if kept:
            command = preparation.kept(name, command, cpus, env.get("PATH"))
            env = {**env, MARK: self._mark.partition("=")[2]}
        stdin = subprocess.PIPE if gated else subprocess.DEVNULL
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            try:
                self.popen = subprocess.Popen(
                    command, stdin=stdin, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=dict(env),
                    start_new_session=True, preexec_fn=prepare,
                )  # fmt: skip
            except (OSError, subprocess.SubprocessError) as error:
                raise TandemError(f"{name} can't be started: `{command[0]}`: {error}") from error

    @property
    def pid(self) -> int:
        """Process id, which is also its session and process group; of a child that is kept, those of its keeper."""
        return self.popen.pid

    def running(self) -> bool:
        """Tell whether it runs, without reaping it: until then its process group can't belong to anyone else."""
        if self.popen.returncode is not None:
            return False
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of its log, printable."""
        with suppress(OSError):
            text = self.log.read_bytes()[-20_000:].decode(errors="replace")
            return "\n".join(map(printable, text.splitlines()[-lines:])) or "(nothing logged)"
        return "(no log)"

    def check(self) -> None:
        """Raise RunFailed with its last log lines if it has ended."""
        if not self.running():
            self.kill()
            raise RunFailed(
                f"{self.name} ended by itself ({_ending(self.popen.returncode)}){self._meaning()}; "
                f"its last log lines:\n{self.tail()}"
            )

    def _meaning(self) -> str:
        """Return what the last lines of its log mean, as the end of a sentence; empty where nobody said."""
        found = [means for line, means in self._signs.items() if line in self.tail()]
        return f": {found[0]}" if found else ""

    def terminate(self) -> None:
        """Ask it to stop, once: a second signal would hurry what stops gracefully."""
        if self.running() and not self._asked:
            self._asked = True
            self.popen.terminate()

    def kill(self) -> None:
        """End what is left of it, of its process group, and of all that is below its keeper, and reap it."""
        if self._asked and self.running():
            with self.log.open("a") as log:
                log.write(
                    f"{self.name} was killed: it had not ended {STOP_SECONDS:g} s after it was asked to (SIGTERM)\n"
                )
        if self.kept and self.running():
            self.popen.send_signal(signal.SIGUSR1)
            self.popen.send_signal(signal.SIGCONT)  # where something below has stopped it, it would heed nothing
            self.wait(STOP_SECONDS)
        if self.popen.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait()
        if self.kept and self.popen.returncode == -signal.SIGKILL:
            self._kill_marked()
        if self.popen.stdin:
            with suppress(OSError):
                self.popen.stdin.close()

    def _kill_marked(self) -> None:
        """End what was below a keeper that something killed: nothing else knows of it, as it made sessions of its own."""
        while left := [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._marked(pid)]:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def _marked(self, pid: int) -> bool:
        """Tell whether a process inherited the mark; one that has ended has no environment."""
        with suppress(OSError):
            return self._mark.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return False

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for its end; tell whether it came."""
        deadline = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


class Children:
    """A set of children that are stopped together, last started first, when the `with` block ends."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def add(self, child: Child) -> Child:
        """Take responsibility for a child."""
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raise RunFailed if any child has ended."""
        for child in self.children:
            child.check()

    def terminate(self) -> None:
        """Ask every child to stop, and don't wait."""
        for child in reversed(self.children):
            child.terminate()

    def stop(self) -> None:
        """Ask every child to stop, wait `STOP_SECONDS` in all, and kill what is left."""
        self.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            child.wait(max(0.0, deadline - time.monotonic()))
            child.kill()
        self.children.clear()


def run(
    command: Sequence[str],
    *,
    what: str,
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    cpus: Sequence[int] = (),
    seconds: float = 120,
    good: Collection[int] = (0,),
) -> str:
    """Run a command to its end and return its output.

    Raises RunFailed with its last lines where it ends with a status that is not `good`, or takes too long.
    """
    log.unlink(missing_ok=True)
    with Children() as children:
        child = children.add(Child(what, command, log=log, cpus=cpus, env=env, cwd=cwd))
        if not child.wait(seconds):
            raise RunFailed(f"{what} took longer than {seconds:g} s; its last lines:\n{child.tail()}")
        child.kill()
        if child.popen.returncode not in good:
            raise RunFailed(f"{what} failed ({_ending(child.popen.returncode)}):\n{child.tail()}")
    return log.read_text(errors="replace")
