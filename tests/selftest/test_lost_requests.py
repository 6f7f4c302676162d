"""Whether requests without a good answer count: a server that hangs, and one that refuses everything at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tandem.judge.metrics import CPU
from tandem.judge.summary import summarise
from tandem.records.block import Block
from tandem.report import sentences
from tests.selftest.bench import ToyBench, load, ms
from tests.selftest.story import Story
from tests.support import synthetic

ROUNDS = 9


def test_hanging_server(bench: ToyBench, tell: Story) -> None:
    """A server that hangs completely: no request is lost, none is fast."""
    rate, seconds, in_flight, timeout = 50, 3, 20, 1
    hung = load(rate, seconds, arrivals="uniform", in_flight=in_flight, timeout=timeout)
    measured = bench.block(hung, "hang=1")
    block, window = measured.block, bench.samples(measured)
    outcomes = Counter(window.outcomes)
    most = max(measured.whole.in_flight)
    tell(
        did=f"Had the toy accept every request and answer none, and sent {rate} arrivals/s for {seconds} s, "
        f"evenly spaced, at most {in_flight} in flight, each given up after {timeout} s.",
        saw=[
            f"{rate * seconds} arrivals were due by the schedule, {block.arrivals} by the record: "
            f"{outcomes['ok']} ok, {block.failures} failed, {block.unfinished} unfinished, {block.dropped} "
            f"dropped because {in_flight} were in flight; {block.unaccounted} unaccounted for",
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
    assert outcomes["ok"] == block.unaccounted == 0
    assert block.dropped > 0
    assert block.failures + block.unfinished > 0
    assert (block.p50_ms, block.p99_ms, block.rate) == (None, None, 0)
    assert block.observed.in_flight <= in_flight
    assert most <= in_flight
    assert measured.status == 1


def test_refusing_server(bench: ToyBench, tell: Story) -> None:
    """A server that refuses everything at once is not fast: it cannot serve, and gets no verdict."""
    measured = bench.block(load(200, 3), "refuse=1")
    block = measured.block
    samples = bench.samples(measured)
    times = sorted(samples.response_ms)
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
    assert set(samples.statuses) == {503}
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
