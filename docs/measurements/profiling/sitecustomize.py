"""With this folder in PYTHONPATH each process writes down, every few milliseconds of its CPU, what its running thread is at.

The kernel sends SIGPROF to the thread that has the CPU when the process has used so much of it, and faulthandler writes that
thread's stack at once, in C, whether it holds the interpreter's lock or not. Nothing else sees all lines alike: a sampler that is
a thread of its own is let in mostly where others give up that lock; one from outside, py-spy or SIGSTOP, comes some microseconds
after it was sent, and finds a thread in its next system call.

PROFILE is the beginning of the files' names, which the number of the process ends.
"""

from __future__ import annotations

import atexit
import faulthandler
import os
import signal

AFTER, EVERY = 4.0, 0.001
"""Seconds of CPU until the first sample, and from one to the next; the kernel looks at each of its ticks, so it may be 4 ms.

A process imports in its first seconds, and a stack can be one whose code is gone already: CPython 3.11 reads on in freed memory,
and ends. Later that happens at one sample in some thousand: what was written until then counts, and the server is started again.
"""


def start() -> None:
    """Begin, in this process."""
    file = os.open(f"{os.environ['PROFILE']}.{os.getpid()}", os.O_WRONLY | os.O_CREAT, 0o600)
    faulthandler.register(signal.SIGPROF, file, all_threads=False)
    signal.setitimer(signal.ITIMER_PROF, AFTER, EVERY)


start()
os.register_at_fork(after_in_child=start)
atexit.register(signal.setitimer, signal.ITIMER_PROF, 0)  # faulthandler goes first, and the signal alone would kill
