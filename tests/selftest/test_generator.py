"""Whether the load generator does what it says: two workers, all samples, and requests sent when they are due."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from itertools import pairwise

from tandem.drive.generator import Generator, Window
from tandem.judge import validity
from tandem.launch import ports, process
from tandem.observe import samples
from tandem.paths import PROJECT
from tandem.report import wording
from tests.selftest import toy
from tests.selftest.bench import USERS, ToyBench, load, ms, percent
from tests.selftest.story import Story
from tests.support.stacks import USERDB


def test_two_workers(bench: ToyBench, tell: Story) -> None:
    """Two worker processes: every sample reaches the master, and they do not send the same schedule twice."""
    rate, seconds = 200, 4
    folder = bench.folder("workers")
    toy.become(bench.running.port, "")
    port = str(ports.free_port())
    # fmt: off
    command = [
        sys.executable, "-m", "locust", "-f", USERDB.load_test, "--headless", "--only-summary", "-H", bench.running.url,
        "-u", str(rate), "-r", str(rate), "-t", f"{seconds}s", "--processes", "2", "--master-bind-host", "127.0.0.1",
        "--master-bind-port", port, "--master-port", port, "--scenario", "read",
        "--request-timeout", "5", "--stop-timeout", "5", "--seed-key", "two-workers", "--users-in-database", str(USERS),
        "--samples", str(folder / "samples.csv.gz"), "--json-file", str(folder / "counted"),
    ]
    # fmt: on
    process.run(
        command,
        what="Locust with two workers",
        env=process.environment({}),
        cwd=PROJECT,
        log=folder / "locust.log",
        cpus=bench.layout.generator,
        seconds=60,
        good=(0, 3),  # 3: it was late, as on a busy machine, which is not what this is about
    )  # fmt: skip
    counted = sum(entry["num_requests"] for entry in json.loads((folder / "counted.json").read_text()))
    found = samples.read(folder / "samples.csv.gz")
    answered = sum(outcome in ("ok", "failed") for outcome in found.outcomes)
    schedules = [
        sorted(due for number, due in zip(found.arrival, found.due, strict=True) if number % 2 == worker)
        for worker in (0, 1)
    ]
    gaps = [{round(1e5 * (b - a)) for a, b in pairwise(schedule)} for schedule in schedules]
    numbers = [sorted(number // 2 for number in found.arrival if number % 2 == worker) for worker in (0, 1)]
    common = set(schedules[0]) & set(schedules[1])
    tell(
        did=f"Let Locust send {rate} arrivals/s for {seconds} s from two worker processes, and compared the file "
        "that its master wrote with the requests that Locust's own statistics counted.",
        saw=[
            f"Locust counted {counted} requests, the samples hold {answered} answered ones and "
            f"{len(found) - answered} others",
            f"workers sent {len(schedules[0])} and {len(schedules[1])}; {len(set(found.arrival))} different "
            f"arrival numbers for {len(found)} arrivals",
            f"due times that both have: {len(common)}; gaps between arrivals that both have, to 10 µs: "
            f"{len(gaps[0] & gaps[1])} of {len(gaps[0])}",
        ],
        wrong="a request that Locust counted and nobody wrote down, an arrival that has its number twice, or two "
        "workers that send the same schedule at the same time, which would be half the rate in pairs.",
    )
    assert answered == counted > 0
    assert len(set(found.arrival)) == len(found)
    assert numbers == [list(range(len(each))) for each in numbers]
    assert min(map(len, schedules)) > rate * seconds / 4
    assert len(common) <= 3  # by chance there is one in every 25th run: due times are whole microseconds
    assert len(gaps[0] & gaps[1]) < len(gaps[0]) / 2
    assert 0.6 * rate * seconds < len(found) < 1.4 * rate * seconds


def test_dispatch_lag(bench: ToyBench, tell: Story) -> None:
    """1,000 arrivals/s against a static file: sent when they are due, and what a request costs the generator."""
    rate, seconds = 1000, 4
    block = bench.block(load(rate, seconds, scenario="floor")).block
    cpu = 1000 * block.interference.generator_cpu_share * block.seconds / block.requests
    tell(
        did=f"Sent {rate:,} arrivals/s for {seconds} s to a static file of the stack's nginx (scenario `floor`), "
        "so that no app is in it.",
        saw=[
            f"dispatch lag p50 {ms(block.dispatch_lag_p50_ms)}, p99 {ms(block.dispatch_lag_p99_ms)} (target on a "
            "quiet core: p99 below 0.5 ms)",
            f"good answers {block.rate:.0f}/s, {block.failures} failed, {block.dropped} dropped; response p50 "
            f"{ms(block.p50_ms)}, p99 {ms(block.p99_ms)}",
            f"the generator used {cpu:.3f} ms of CPU per request, "
            f"{percent(block.interference.generator_cpu_share, 0)} of its CPU; it was ready and waited for it "
            f"{100 * (block.interference.generator_waiting_share or 0):.1f} % of the time",
        ],
        wrong="arrivals that are sent late because the generator waits for answers or for its timer: p99 of 50 "
        "ms or more, or less than 95 % of the rate. (The target is not asserted: this machine may be in use.)",
    )
    assert block.dispatch_lag_p99_ms < 50
    assert block.arrivals >= 0.9 * rate * seconds  # Poisson: less would come once in ten million runs
    assert block.requests >= 0.95 * block.arrivals
    assert block.failures == block.unaccounted == 0


class FrozenGenerator(Generator):
    """A generator that the machine stops for half a second, one second into its window."""

    def release(self) -> Window:
        """Let it go, and have it stopped later."""
        window = super().release()
        threading.Thread(target=self._freeze, args=(window.start + 1,), daemon=True).start()
        return window

    def _freeze(self, moment: float) -> None:
        time.sleep(max(0.0, moment - time.time()))
        os.kill(self.child.pid, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(self.child.pid, signal.SIGCONT)


def test_frozen_generator(bench: ToyBench, tell: Story) -> None:
    """The generator itself stands still for 0.5 s: no arrival is left out, and the block is INVALID."""
    rate, seconds = 100, 3
    block = bench.block(load(rate, seconds, arrivals="uniform"), kind=FrozenGenerator).block
    judged = validity.judge(block)
    tell(
        did=f"Stopped Locust with SIGSTOP for 0.5 s during a block of {seconds} s at {rate}/s, evenly spaced; the "
        "server was well.",
        saw=[
            f"{rate * seconds} arrivals were due by the schedule, {block.arrivals} by the record, "
            f"{block.unaccounted} unaccounted for",
            f"response p99 {ms(block.p99_ms)}, dispatch lag p99 {ms(block.dispatch_lag_p99_ms)}, mean of service "
            f"{ms(block.diagnostics.service_mean_ms)}",
            f"the block is {judged.level}: {'; '.join(wording.causes(judged.causes))}",
        ],
        wrong="arrivals that vanish while the generator stands still, response times that begin when a request "
        "was sent and not when it was due, or a stack that is blamed for it.",
    )
    assert abs(block.arrivals - rate * seconds) <= 1
    assert block.unaccounted == 0
    assert block.p99_ms is not None
    assert block.p99_ms >= 300
    assert block.dispatch_lag_p99_ms >= 300
    assert judged.level == "INVALID"
    assert any(cause.key == validity.LAG.key for cause in judged.causes)
