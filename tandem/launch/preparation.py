"""Preparation: what a child is before its own program runs: what ends it, its CPUs, its limits, and the keeper above it."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tandem.errors import TandemError

DESCRIPTORS = 20_000
"""Files and connections that a child may have open, where the system allows so many: twice nginx's worker_connections and
more. Set, not inherited: with the 1,024 of many shells a server would refuse what another one takes."""

PR_SET_PDEATHSIG = 1
KEEPER = Path(__file__).with_name("keeper.py")


def kept(name: str, command: Sequence[str], cpus: Sequence[int], path: str | None) -> list[str]:
    """Return the command of a keeper for this one. Raises TandemError where its program isn't there."""
    if shutil.which(command[0], path=path) is None:
        raise TandemError(f"{name} can't be started: `{command[0]}`: there is no such program")
    listed = ",".join(map(str, cpus))
    return [sys.executable, "-I", "-S", str(KEEPER), str(os.getpid()), listed, *command]


def prepare(cpus: Sequence[int], blocked: Sequence[signal.Signals] = ()) -> Callable[[], None]:
    """Return what the child does between fork and exec; signals that it blocks wait until it can heed them."""
    import resource  # not on Windows, where the other commands must start

    libc, parent = ctypes.CDLL(None), os.getpid()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    descriptors = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)

    def before_exec() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died before the call above: no signal will come
            os._exit(1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
        if cpus:
            os.sched_setaffinity(0, cpus)
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)

    return before_exec
