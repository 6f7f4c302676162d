"""A foreign process on the machine: one that is nobody's child of ours and keeps one CPU busy for a part of the time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.processes import alive
from tests.support.waiting import PATIENCE, eventually

PERIOD_SECONDS = 0.1

# It goes by its own CPU time, so that it takes its share from a busy CPU, too, and ends with whoever holds its standard input.
BURN = """
import os, select, sys, time
share, period = float(sys.argv[1]), float(sys.argv[2])
os.sched_setaffinity(0, [int(sys.argv[3])])
left = 0.0
while not select.select([sys.stdin], [], [], left)[0]:
    began, spent = time.monotonic(), time.process_time()
    while time.process_time() - spent < share * period:
        pass
    left = max(0.0, began + period - time.monotonic())
"""

# The harness counts as its own whatever descends from it: who started the burner has to be gone.
LAUNCH = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdout=subprocess.DEVNULL, start_new_session=True).pid)
"""


@contextmanager
def burner(share: float, cpu: int) -> Iterator[int]:
    """Keep this CPU busy for this share of the time until the block ends; gives the process id."""
    given = [sys.executable, "-c", LAUNCH, BURN, str(share), str(PERIOD_SECONDS), str(cpu)]
    launcher = subprocess.Popen(given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    try:
        pid = int(launcher.stdout.readline())
        launcher.wait(PATIENCE)
        yield pid
    finally:
        launcher.stdin.close()
        launcher.stdout.close()
        launcher.wait(PATIENCE)
    assert eventually(lambda: not alive(pid)), f"the burner, process {pid}, still runs"
