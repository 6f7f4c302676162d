"""Whether the proofs can be trusted: the toy and the burner do what they are told."""

from __future__ import annotations

import http.client
import os
import time
from pathlib import Path

import pytest

from tests.selftest import toy
from tests.selftest.bench import ToyBench, percent
from tests.selftest.burner import burner
from tests.selftest.story import Story


def test_the_toy_behaves_as_told(bench: ToyBench, tell: Story) -> None:
    """The toy itself does what it is told, or none of the other proofs would say anything."""
    seen = {}
    for manner in ("", "sleep_ms=10", "refuse=1"):
        toy.become(bench.running.port, manner)
        connection = http.client.HTTPConnection("127.0.0.1", bench.running.port, timeout=10)
        began = time.perf_counter()
        connection.request("GET", "/api/users/7")
        answer = connection.getresponse()
        answer.read()
        seen[manner] = (answer.status, 1000 * (time.perf_counter() - began))
        connection.close()
    tell(
        did="Asked the toy once in each manner, with Python's http.client.",
        saw=[f"{manner or 'plain'}: {status} after {took:.1f} ms" for manner, (status, took) in seen.items()],
        wrong="a sleeper that doesn't sleep, or a refuser that answers.",
    )
    assert [status for status, _ in seen.values()] == [200, 200, 503]
    assert seen["sleep_ms=10"][1] >= 10


@pytest.mark.usefixtures("alone")
def test_the_burner_burns(tell: Story) -> None:
    """The burner uses the share of a CPU that it is told to use, and nothing of it is left behind."""
    share, seconds, cpu = 0.3, 2.0, max(os.sched_getaffinity(0))
    with burner(share, cpu) as pid:
        time.sleep(0.3)
        before, began = _cpu_seconds(pid), time.monotonic()
        time.sleep(seconds)
        used = (_cpu_seconds(pid) - before) / (time.monotonic() - began)
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    tell(
        did=f"Started the burner for {percent(share, 0)} of CPU {cpu} and read its CPU clock for {seconds:g} s.",
        saw=[
            f"it used {percent(used)}; it is no child of this process ({os.getpid()}) but of process {parent}; it "
            "has ended"
        ],
        wrong="a burner that burns nothing, or one that the harness would count as its own.",
    )
    assert 0.1 < used < 0.4
    assert parent != os.getpid()


def _cpu_seconds(pid: int) -> float:
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it
