"""The alarm: never early, and with timerfd close behind its time; in a process of its own, as it needs gevent's loop."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("alone")

PROGRAM = """
import json, sys, time
import gevent
from openloop import timer

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


@pytest.mark.parametrize("more", ["", ", without"], ids=["as here", "without timerfd"])
def test_it_goes_off_once_and_not_early(more: str) -> None:
    program = PROGRAM.format(more=more)
    late = json.loads(
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=PATIENCE).stdout
    )
    assert len(late) == 101, "a hundred in time, one set in the past, none after the end"
    assert min(late) > -0.001 if more else min(late) >= 0
    assert sorted(late)[50] < 0.02
