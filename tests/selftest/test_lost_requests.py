"""Whether every request counts: of a server that hangs, of one that refuses everything at once, of two worker processes."""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import pairwise
from typing import Any

from tandem.judge.metrics import CPU
from tandem.judge.summary import summarise
from tandem.launch import ports, process
from tandem.observe import samples
from tandem.paths import PROJECT
from tandem.records.block import Block
from tandem.report import sentences
from tests.selftest import toy
from tests.selftest.bench import USERS, ToyBench, load, ms
from tests.selftest.story import Story
from tests.support import synthetic
from tests.support.stacks import USERDB

ROUNDS = 9


def test_hanging_server(beside: ToyBench, tell: Story) -> None:
    """A server that hangs completely: no request is lost, none is fast."""
    rate, seconds, in_flight, timeout = 50, 3, 20, 1
    hung = load(rate, seconds, arrivals="uniform", in_flight=in_flight, timeout=timeout)
    measured = beside.block(hung, "hang=1")
    block, window = measured.block, beside.samples(measured)
    outcomes = Counter(window.outcome)
    most = max(measured.whole.in_flight)
    tell(
        did=f"Had the toy accept every request and answer none, and sent {rate} arrivals/s for {seconds} s, "
        f"evenly spaced, at most {in_flight} in flight, each given up after {timeout} s.",
        saw=[
            f"{rate * seconds} arrivals were due by the schedule, {block.arrivals} by the record: "
            f"{outcomes['ok']} ok, {block.failures} failed, {block.unfinished} unfinished, {block.dropped} "
            f"dropped because {in_flight} were in flight; {block.lost_or_duplicated} unaccounted for",
            f"p50 {ms(block.p50_ms)}, p99 {ms(block.p99_ms)}, good answers {block.rate:.1f}/s",
            f"most in flight: {block.observed.in_flight} by the times, {most} seen by an arrival; Locust's exit "
            f"status {measured.status}",
            f"examples of why: {'; '.join(block.failure_examples)}",
        ],
        wrong="an arrival that is in none of the four counts, any percentile at all, more in flight than "
        "allowed, or exit status 0.",
    )
    assert abs(block.arrivals - rate * seconds) <= 1
    assert block.arrivals == outcomes["ok"] + block.failures + block.unfinished + block.dropped
    assert outcomes["ok"] == block.lost_or_duplicated == 0
    assert block.dropped > 0
    assert block.failures + block.unfinished > 0
    assert (block.p50_ms, block.p99_ms, block.rate) == (None, None, 0)
    assert block.observed.in_flight <= in_flight
    assert most <= in_flight
    assert measured.status == 1


def test_refusing_server(beside: ToyBench, tell: Story) -> None:
    """A server that refuses everything at once is not fast: it cannot serve, and gets no verdict."""
    measured = beside.block(load(200, 3), "refuse=1")
    block = measured.block
    window = beside.samples(measured)
    times = sorted(window.response_ms)
    summary = summarise(synthetic.synthesise(ROUNDS, change=_refused(block)))
    headlines = [each for each in summary.comparisons if each.stack == synthetic.ASGI and each.kind == "headline"]
    judged = [each for each in headlines if each.scenario == "read"]
    about = [line.title for line in sentences.verdict(summary) if "cannot serve" in line.title]
    tell(
        did="Had the toy refuse everything with 503 at once, measured a block of 200/s, and put what it left "
        f"into a made-up run of {ROUNDS} rounds as the challenger's numbers under `read`, beside an ordinary baseline.",
        saw=[
            f"{block.requests} answers, {block.failures} failed; the median refusal took "
            f"{times[len(times) // 2]:.2f} ms, but the block's p50 is {ms(block.p50_ms)}; CPU per request "
            f"{ms(CPU.value(block))}",
            f"verdicts under `read`: {', '.join(f'{each.metric}: {each.verdict}' for each in judged)}",
            f"the verdict says: {' '.join(about)}",
        ],
        wrong="“better” for latency or CPU: to refuse is neither fast nor cheap.",
    )
    assert block.failures == block.requests > 0
    assert (block.p50_ms, block.rate) == (None, 0)
    assert set(window.status) == {503}
    assert {each.metric for each in judged} == {"cpu", "p50", "p99"}
    assert {each.verdict for each in judged} == {"not judged"}
    assert all(each.reason is not None and each.reason.code == "cannot serve" for each in judged)
    assert [(each.scenario, each.stack) for each in summary.failing] == [("read", synthetic.ASGI)]


def _refused(block: Block) -> synthetic.Change:
    """Return a change that gives the challenger's blocks under `read` the counts and times of a measured one."""

    def change(fields: dict[str, Any]) -> None:
        if (fields["stack"], fields["scenario"]) == (synthetic.ASGI, "read"):
            fields.update(
                arrivals=block.arrivals, requests=block.requests, failures=block.failures, unfinished=block.unfinished,
                dropped=block.dropped, rate=block.rate, p50_ms=block.p50_ms, p99_ms=block.p99_ms,
                app_cpu_seconds=block.app_cpu_seconds, nginx_cpu_seconds=block.nginx_cpu_seconds,
                seconds=block.seconds,
            )  # fmt: skip

    return change


def test_two_workers(beside: ToyBench, tell: Story) -> None:
    """Two worker processes: every sample reaches the master, and they do not send the same schedule twice."""
    rate, seconds = 200, 4
    folder = beside.folder("workers")
    toy.become(beside.running.port, "")
    port = str(ports.free_port())
    # fmt: off
    command = [
        sys.executable, "-m", "locust", "-f", USERDB.load_test, "--headless", "--only-summary", "-H", beside.running.url,
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
        cpus=beside.layout.generator,
        seconds=60,
        good=(0, 3),  # 3: it was late, as on a busy machine, which is not what this is about
    )  # fmt: skip
    counted = sum(entry["num_requests"] for entry in json.loads((folder / "counted.json").read_text()))
    found = samples.read(folder / "samples.csv.gz")
    answered = sum(outcome in ("ok", "failed") for outcome in found.outcome)
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
