"""Whether time in which something stood still shows: a server, one that was so from the start, and the generator itself."""

from __future__ import annotations

import math
import os
import signal
import threading
import time

from openloop.format import Samples
from tandem.drive.command import Drive
from tandem.drive.generator import Generator, Span
from tandem.judge import validity
from tandem.report import wording
from tandem.statistics import reached
from tests.selftest import toy
from tests.selftest.bench import ToyBench, load, ms
from tests.selftest.story import Story

FREEZE = "stall_ms=1000&every_seconds=5"
"""Frozen for 1 s out of every 5: in a window of 5 s for 1 s, wherever it begins."""


def test_frozen_server(beside: ToyBench, tell: Story) -> None:
    """A server that freezes for 1 s: the open loop shows it, a closed loop hides it."""
    rate, seconds = 200, 5
    in_open_loop = beside.block(load(rate, seconds), FREEZE)
    # Two users who think for 8 ms and are answered within 2 send about as many requests – as long as nothing is slow.
    arguments = ["-u", "2", "-r", "2", "--arrivals", "closed", "--think-time", "0.008"]
    drive = Drive("read", arguments, warmup_seconds=1, seconds=seconds, drain_seconds=10)
    in_closed_loop = beside.block(load(rate, seconds), FREEZE, drive)
    opened, closed = in_open_loop.block, in_closed_loop.block
    p90, closed_p90 = (_p90_ms(beside.samples(each)) for each in (in_open_loop, in_closed_loop))
    tell(
        did="Served one user by id with a toy that stands still for 1 s out of every 5, behind the real nginx, "
        f"and loaded it with {rate} arrivals/s for {seconds} s: once in open loop, as runs are, once with two "
        "users who wait for each answer, as load generators do that are not.",
        saw=[
            f"open loop: {opened.arrivals} arrivals, p50 {ms(opened.p50_ms)}, p90 {ms(p90)}, p99 {ms(opened.p99_ms)}",
            f"closed loop: {closed.arrivals} requests, p50 {ms(closed.p50_ms)}, p90 {ms(closed_p90)}, p99 "
            f"{ms(closed.p99_ms)}: while the server stood still nobody asked, so hardly anybody was kept waiting",
        ],
        wrong="an open-loop p99 below 500 ms: every fifth arrival came while the server stood still. (The closed "
        "loop is shown for what it hides; nothing of it enters a report.)",
    )
    assert opened.failures == opened.dropped == opened.unfinished == opened.lost_or_duplicated == 0
    assert opened.p99_ms is not None
    assert opened.p99_ms >= 500
    assert p90 is not None
    assert closed_p90 is not None
    assert closed_p90 < p90


def test_server_frozen_from_the_start(beside: ToyBench, tell: Story) -> None:
    """A server that is frozen when the load begins: the load begins all the same, and the block shows it."""
    rate, seconds, freeze = 200, 4, 3

    class Released(Generator):
        """A generator that is let go just when the server has frozen."""

        def release(self) -> Span:
            toy.freeze(beside.running.port, freeze)
            return super().release()

    block = beside.block(load(rate, seconds), kind=Released).block
    tell(
        did=f"Had the toy stand still for {freeze} s from the moment on in which Locust was let go, with 1 s of warm-up and "
        f"{seconds} s of window at {rate}/s: for the first 2 s of the window nothing moves.",
        saw=[
            f"{block.arrivals} arrivals due in the window, {rate * seconds} are expected; "
            f"{block.lost_or_duplicated} unaccounted for",
            f"p50 {ms(block.p50_ms)}, p99 {ms(block.p99_ms)}",
        ],
        wrong="fewer arrivals than the rate promises: a load that waits until the server is well hides that it was not.",
    )
    assert block.arrivals >= 0.8 * rate * seconds
    assert block.p99_ms is not None
    assert block.p99_ms >= 1000


def _p90_ms(samples: Samples) -> float | None:
    times = zip(samples.response_ms, samples.outcome, strict=True)
    return reached(sorted(ms if outcome == "ok" else math.inf for ms, outcome in times), 0.9)


class FrozenGenerator(Generator):
    """A generator that the machine stops for half a second, one second into its window."""

    def release(self) -> Span:
        """Let it go, and have it stopped later."""
        window = super().release()
        threading.Thread(target=self._freeze, args=(window.start + 1,), daemon=True).start()
        return window

    def _freeze(self, moment: float) -> None:
        time.sleep(max(0.0, moment - time.time()))
        os.kill(self.child.pid, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(self.child.pid, signal.SIGCONT)


def test_frozen_generator(beside: ToyBench, tell: Story) -> None:
    """The generator itself stands still for 0.5 s: no arrival is left out, and the block is INVALID."""
    rate, seconds = 100, 3
    block = beside.block(load(rate, seconds, arrivals="uniform"), kind=FrozenGenerator).block
    judged = validity.judge(block)
    tell(
        did=f"Stopped Locust with SIGSTOP for 0.5 s during a block of {seconds} s at {rate}/s, evenly spaced; the "
        "server was well.",
        saw=[
            f"{rate * seconds} arrivals were due by the schedule, {block.arrivals} by the record, "
            f"{block.lost_or_duplicated} unaccounted for",
            f"response p99 {ms(block.p99_ms)}, dispatch lag p99 {ms(block.dispatch_lag_p99_ms)}, mean of service "
            f"{ms(block.diagnostics.service_mean_ms)}",
            f"the block is {judged.level}: {'; '.join(wording.causes(judged.causes))}",
        ],
        wrong="arrivals that vanish while the generator stands still, response times that begin when a request "
        "was sent and not when it was due, or a stack that is blamed for it.",
    )
    assert abs(block.arrivals - rate * seconds) <= 1
    assert block.lost_or_duplicated == 0
    assert block.p99_ms is not None
    assert block.p99_ms >= 300
    assert block.dispatch_lag_p99_ms >= 300
    assert judged.level == "INVALID"
    assert any(cause.key == validity.DISPATCH_LAG.key for cause in judged.causes)
