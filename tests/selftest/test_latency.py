"""Whether slow answers show: stalling and sleeping servers, and other clocks beside ours."""

from __future__ import annotations

import http.client
import re
import shutil
import statistics
import subprocess
import time

import msgspec

from tandem.judge import validity
from tandem.records.block import Block
from tandem.report import wording
from tests.selftest.bench import ToyBench, load, ms
from tests.selftest.story import Story

WRK = "wrk is not installed; with it (Debian, Ubuntu: `apt-get install wrk`) this proof also compares with wrk"


def test_stalls_are_seen_and_not_excluded(bench: ToyBench, tell: Story) -> None:
    """A server that stalls for 100 ms now and then: seen, and no reason to throw the block away."""
    measured = bench.block(load(200, 2, arrivals="uniform"), "stall_ms=100&every_seconds=1")
    stalled, longest = measured.block, max(bench.samples(measured).response_ms)
    judged = validity.judge(_as_if_alone(stalled))
    far_worse = msgspec.structs.replace(_as_if_alone(stalled), p99_ms=None, failures=100, unfinished=50, backlog=40)
    tell(
        did="Had the toy stand still for 100 ms every second during a block of 2 s at 200/s, and judged the block "
        "as if all around it had been quiet, so that only what the stack itself did can speak against it.",
        saw=[
            f"p50 {ms(stalled.p50_ms)}, p99 {ms(stalled.p99_ms)}, max {ms(longest)}, dispatch "
            f"lag p99 {ms(stalled.dispatch_lag_p99_ms)}: "
            f"{_told(judged)}",
            f"as it was measured: {_judged(stalled)}",
            f"a far worse stack, p99 not reached and 150 arrivals lost: {validity.judge(far_worse).level}",
        ],
        wrong="a p99 that knows nothing of the stalls, or a block that is INVALID because its stack was slow.",
    )
    assert stalled.p99_ms is not None
    assert longest >= 90
    assert stalled.p99_ms >= 20
    assert judged.level != "INVALID"
    assert validity.judge(far_worse).level != "INVALID"


def _judged(block: Block) -> str:
    return _told(validity.judge(block))


def _told(judged: validity.Judged) -> str:
    return "; ".join([judged.level, *wording.causes(judged.causes)])


def _as_if_alone(block: Block) -> Block:
    """Return the block with everything outside the stack at rest: the machine may be in use while this is proved."""
    at_rest = {name: 0.0 for name in block.interference.__struct_fields__}
    interference = msgspec.structs.replace(block.interference, **at_rest)
    return msgspec.structs.replace(
        block, interference=interference, dispatch_lag_p99_ms=block.dispatch_lag_p50_ms, cpu_gap_share=0.0
    )


def test_sleeper_and_other_clocks(bench: ToyBench, tell: Story) -> None:
    """A server that sleeps for 10 ms takes 10 ms, by our clock, by nginx's and by those of other clients."""
    block = bench.block(load(50, 2), "sleep_ms=10").block
    seen = block.diagnostics
    alone = _ask_one_by_one(bench.running.port, 100)
    theirs = _wrk_p50_ms(bench.running.url)
    assert seen.service_mean_ms is not None
    assert seen.nginx_mean_ms is not None
    difference = seen.service_mean_ms - seen.nginx_mean_ms
    tell(
        did="Had the toy sleep for 10 ms before each answer, never less, and measured it at 50/s for 2 s. Then "
        "asked the same server 100 times, one by one, with Python's http.client, which has nothing in common "
        "with Locust" + (", and for 2 s with wrk." if theirs else "."),
        saw=[
            f"Locust through the harness: p50 {ms(block.p50_ms)} (10.0 to 10.8 is expected on a quiet machine), "
            f"mean of service {ms(seen.service_mean_ms)}",
            f"nginx's own $request_time of the same requests: mean {ms(seen.nginx_mean_ms)}, the generator sees "
            f"{difference:.2f} ms more",
            f"http.client: p50 {ms(alone)}",
            WRK if theirs is None else f"wrk: p50 {ms(theirs)}",
        ],
        wrong="a p50 below 10 ms, which no clock can have seen, or clocks that differ by more than a few milliseconds.",
    )
    assert block.failures == block.lost_or_duplicated == 0
    assert block.p50_ms is not None
    assert 10.0 <= block.p50_ms <= 20
    assert alone >= 10.0
    assert abs(block.p50_ms - alone) < 5
    assert -1 < difference < 10  # nginx counts whole milliseconds
    if theirs is not None:
        assert theirs >= 9.99  # wrk prints two decimals
        assert abs(block.p50_ms - theirs) < 5


def _ask_one_by_one(port: int, requests: int) -> float:
    """Return the median milliseconds of requests that are sent one after another over one connection."""
    times = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for number in range(1, requests + 1):
        began = time.perf_counter()
        connection.request("GET", f"/api/users/{number}")
        body = connection.getresponse().read()
        times.append(1000 * (time.perf_counter() - began))
        assert f'"id": {number},'.encode() in body
    connection.close()
    return statistics.median(times)


def _wrk_p50_ms(url: str) -> float | None:
    """Return what wrk says, or None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    command = [program, "-c1", "-t1", "-d2s", "--latency", f"{url}/api/users/7"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    found = re.search(r"50%\s+([\d.]+)(us|ms|s)", said)
    assert found is not None, said
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]
