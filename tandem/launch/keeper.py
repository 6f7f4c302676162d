"""The keeper: it stands above one server, so that nothing which the server starts can leave the harness.

It is a subreaper (prctl(2)): whatever session a descendant of the server makes for itself, and whoever of its ancestors ends, it
stays below the keeper, is reaped by it, and ends with it. The harness counts and ends what is below the keeper.

SIGTERM asks the server to stop (where the server's own process has gone, what it left behind). SIGUSR1 kills all of it; so does
the end of the harness, STOP_SECONDS after SIGTERM, which the kernel then sends. The keeper ends when nothing is left below it,
or as soon as the server has failed, and as the server did: with its exit status, or by its signal.

A script for a small Python of its own: it imports nothing of this project.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STOP_SECONDS = 3.0
"""Seconds between SIGTERM and SIGKILL, for every child of the harness."""
HEEDED_SIGNALS = {signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD, signal.SIGHUP, signal.SIGINT}


def start(command: Sequence[str], cpus: Sequence[int]) -> int:
    """Start the server on these CPUs and return its process id; it is told to stop when the keeper is killed."""
    keeper = os.getpid()
    if server := os.fork():
        return server
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != keeper:
        os._exit(1)
    if cpus:
        os.sched_setaffinity(0, cpus)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execvp(command[0], [*command])
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    os._exit(127)


def children() -> list[int]:
    """Return the processes whose parent this one is by now."""
    me, found = os.getpid(), []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
            if int(file.read().rpartition(b")")[2].split()[1]) == me:
                found.append(int(name))
    return found


class Keeper:
    """What is below the keeper, and what was asked of it."""

    def __init__(self, server: int, harness: int) -> None:
        self.server, self.harness = server, harness
        self.status: int | None = None  # of the server, as wait(2) gives it
        self.asked: float | None = None  # when it was asked to stop

    def reap(self) -> bool:
        """Reap what has ended; tell whether anything is left."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self.server:
                    self.status = status
        return False

    def stop(self) -> None:
        """Ask the server to stop, or what it left behind."""
        self.asked = self.asked or time.monotonic()
        for pid in [self.server] if self.status is None else children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def kill(self) -> None:
        """End everything: what loses its parent comes up to here, and is next."""
        while self.reap():
            for pid in children():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            signal.sigtimedwait({signal.SIGCHLD}, 0.05)

    def hopeless(self) -> bool:
        """Tell whether nothing is to be waited for: the server failed, or the harness is gone and time is up."""
        if self.status and self.asked is None:
            return True
        alone = os.getppid() != self.harness
        return alone and self.asked is not None and time.monotonic() - self.asked > STOP_SECONDS

    def watch(self) -> None:
        """Do what is asked until nothing is left."""
        while self.reap():
            got = signal.sigtimedwait(HEEDED_SIGNALS, 3600 if self.asked is None else 0.25)
            number = got.si_signo if got else 0
            if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                self.stop()
            self.reap()
            if number == signal.SIGUSR1 or self.hopeless():
                self.kill()


def main(harness: int, cpus: Sequence[int], command: Sequence[str]) -> int:
    """Keep a server until its end; return its exit status."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HEEDED_SIGNALS)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    keeper = Keeper(start(command, cpus), harness)
    keeper.watch()
    status = os.waitstatus_to_exitcode(keeper.status or 0)
    if status >= 0:
        return status
    with suppress(OSError):  # SIGKILL can't be set, and needn't
        signal.signal(-status, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.kill(os.getpid(), -status)
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), [int(cpu) for cpu in sys.argv[2].split(",") if cpu], sys.argv[3:]))
