"""A/A simulated: how often a run gives a word to a difference that isn't there."""

from __future__ import annotations

from typing import Any

import pytest
import scipy.stats

from tandem.judge.summary import Summary, summarise
from tandem.records.journal import Record
from tests.selftest.bench import percent
from tests.selftest.story import Story
from tests.tandem import synthetic

RUNS = 1000
SCATTER = 0.3
"""Standard deviation of each block's log value: so much that the rule about practical size (δ) protects nobody."""

NOMINAL = 0.05


def drift(block: dict[str, Any]) -> None:
    """Let the machine become 2 % slower from block to block."""
    slower = 1.02 ** (3 * block["round"] + block["position"])
    for name in ("app_cpu_seconds", "nginx_cpu_seconds", "p50_ms", "p90_ms", "p99_ms"):
        block[name] *= slower


def words(summary: Summary, kind: str) -> list[str]:
    """Return the words of one kind that claim a difference."""
    return [each.word for each in summary.comparisons if each.kind == kind and each.word in ("better", "worse")]


@pytest.fixture(scope="module")
def same() -> list[Summary]:
    """1,000 runs of the standard profile in which all stacks are the same."""
    return [summarise(synthetic.synthesise(9, change=drift, scatter=SCATTER, seed=seed)) for seed in range(RUNS)]


def test_false_words_in_simulated_runs(same: list[Summary], tell: Story) -> None:
    """A/A, simulated 1,000 times: a run claims a difference that isn't there in less than 5 % of all runs."""
    headlines = len(same[0].run.headlines)
    false = sum(bool(words(each, "headline")) for each in same)
    unmasked = sum(bool(words(each, "decoy")) for each in same)
    believed = sum(bool(words(each, "headline")) and each.trusted for each in same)
    # Were the chance the nominal one, more than this would come once in a thousand repetitions of this proof.
    limit = int(scipy.stats.binom.ppf(0.999, RUNS, NOMINAL))
    changed = [summarise(_changed(seed)) for seed in range(100)]
    found = sum(words(each, "headline") == ["better"] for each in changed)
    tell(
        did=f"Made up {RUNS:,} runs of 9 rounds and {headlines} headline ratios in which stack, challenger and "
        f"decoy are the same; each value scatters by {percent(SCATTER, 0)} and the machine becomes 2 % slower "
        "from block to block. Judged them as real runs are. Then 100 runs with 10 % scatter in which one ratio "
        "truly is 0.6.",
        saw=[
            f"runs with a false word for any of the {headlines} headlines: {false} of {RUNS:,} "
            f"({percent(false / RUNS)}; nominal: at most 5 %)",
            f"runs that the decoy unmasked as UNTRUSTED: {unmasked} of {RUNS:,} ({percent(unmasked / RUNS)}; "
            "nominal: at most 5 %)",
            f"runs with a false word that the decoy did not unmask: {believed} ({percent(believed / RUNS)})",
            f"the true effect of 0.6 was found, and nothing else, in {found} of 100 runs",
        ],
        wrong=f"more than {limit} false words or false alarms of the decoy; or never a word, not even for a true "
        "effect.",
    )
    assert {each.withheld for each in same} == {None}
    assert 0 < false <= limit
    assert 0 < unmasked <= limit
    assert found >= 85


def _changed(seed: int) -> list[Record]:
    factors = {(synthetic.ASGI, "read", "p50"): 0.6}
    return synthetic.synthesise(9, factors, change=drift, scatter=0.1, seed=seed)
