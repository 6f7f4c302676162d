"""Whether the load generator does what it says: requests are sent when they are due."""

from __future__ import annotations

from tests.selftest.bench import ToyBench, load, ms, percent
from tests.selftest.story import Story


def test_dispatch_lag(bench: ToyBench, tell: Story) -> None:
    """1,000 arrivals/s against a static file: sent when they are due, and what a request costs the generator."""
    rate, seconds = 1000, 2
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
    assert block.failures == block.lost_or_duplicated == 0
