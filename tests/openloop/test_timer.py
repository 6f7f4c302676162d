"""The alarm: never early, and with timerfd close behind its time; in processes of their own, as it needs gevent's loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.waiting import PATIENCE

PROGRAM = """
import json, os, time
import gevent
from openloop import timer

os.sched_setaffinity(0, [{cpu}])
def without():
    raise OSError("no timerfd")
late, due = [], [0.0]
def call():
    late.append(time.monotonic() - due[0])
    if len(late) < 100:
        due[0] = time.monotonic() + 0.0033
    alarm.set(due[0] if len(late) < 100 else float("inf"))
alarm = timer.Alarm(call{more})
due[0] = time.monotonic() + 0.0033
alarm.set(time.monotonic() + 60)
alarm.set(due[0])
while len(late) < 100:
    gevent.sleep(0.01)
alarm.set(time.monotonic() - 1)
due[0] = time.monotonic()
gevent.sleep(0.1)
alarm.set(time.monotonic() + 0.01)
alarm.close()
gevent.sleep(0.05)
print(json.dumps(late))
"""

MORE = {"as here": "", "without timerfd": ", without"}


def played(program: str) -> list[float]:
    """What such a program prints."""
    command = [sys.executable, "-c", program]
    late: list[float] = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout)
    return late


@pytest.fixture(scope="module")
def lateness(alone: None) -> dict[str, list[float]]:
    """By how many seconds each alarm was late: both kinds at once, each on a CPU of its own where there are two."""
    cpus = sorted(os.sched_getaffinity(0))
    programs = [PROGRAM.format(cpu=cpus[n % len(cpus)], more=more) for n, more in enumerate(MORE.values())]
    with ThreadPoolExecutor() as pool:
        return dict(zip(MORE, pool.map(played, programs), strict=True))


@pytest.mark.parametrize("name", MORE)
def test_it_goes_off_once_and_not_early(name: str, lateness: dict[str, list[float]]) -> None:
    late = lateness[name]
    assert len(late) == 101, "a hundred in time, one set in the past, none after the end"
    assert min(late) > -0.001 if MORE[name] else min(late) >= 0
    assert sorted(late)[50] < 0.02
