"""A/A simulated: how often a run gives a verdict to a difference that isn't there."""

from __future__ import annotations

from typing import Any

import scipy

from tandem.judge import verdict
from tandem.judge.family import challengers, family
from tandem.judge.metrics import METRICS
from tandem.judge.rounds import Rounds
from tandem.judge.summary import Summary, summarise
from tandem.records.journal import Record
from tandem.records.setup import Headline
from tests.selftest.bench import percent
from tests.selftest.story import Story
from tests.support import synthetic

RUNS = 1000
WHOLE = 50
SCATTER = 0.3
"""Standard deviation of each block's log value: so much that the rule about practical size (δ) protects nobody."""

NOMINAL = 0.05


def drift(block: dict[str, Any]) -> None:
    """Let the machine become 2 % slower from block to block."""
    slower = 1.02 ** (3 * block["round"] + block["position"])
    for name in ("app_cpu_seconds", "nginx_cpu_seconds", "p50_ms", "p99_ms"):
        block[name] *= slower


def claims(rounds: Rounds, kind: str) -> list[str]:
    """Return the verdicts that claim a difference, made of the ratios alone: for headlines, or for those of the decoy."""
    stacks = [synthetic.DECOY] if kind == "decoy" else [stack.name for stack in challengers(rounds.run)]
    judged = [_judge(rounds, headline, stack) for headline in rounds.run.headlines for stack in stacks]
    return [each for each in judged if each in ("better", "worse")]


def _judge(rounds: Rounds, headline: Headline, stack: str) -> str:
    scenario, metric, baseline = headline.scenario, METRICS[headline.metric], rounds.run.baseline
    ratios = {}
    for attempt in rounds.valid:
        ratio = metric.compare(attempt.blocks[scenario, stack], attempt.blocks[scenario, baseline])
        assert ratio is not None
        ratios[attempt.round] = ratio
    return verdict.compare(
        ratios, scenario=scenario, metric=metric, stack=stack, baseline=baseline, kind="headline",
        headlines=family(rounds.run), not_judged=None, quick=False, looks=rounds.looks,
    ).verdict  # fmt: skip


def test_false_verdicts_in_simulated_runs(tell: Story) -> None:
    """A/A, simulated 1,000 times: a run claims a difference that isn't there in less than 5 % of all runs."""
    same = [_same(seed) for seed in range(RUNS)]
    both = [(bool(claims(each, "headline")), bool(claims(each, "decoy"))) for each in map(Rounds, same)]
    false, unmasked = [claimed for claimed, _ in both], [alarmed for _, alarmed in both]
    believed = sum(verdict and not alarm for verdict, alarm in zip(false, unmasked, strict=True))
    # Were the chance the nominal one, more than this would come once in a thousand repetitions of this proof.
    limit = int(scipy.stats.binom.ppf(0.999, RUNS, NOMINAL))
    found = sum(claims(Rounds(_changed(seed)), "headline") == ["better"] for seed in range(100))
    whole = [summarise(each) for each in same[:WHOLE]]
    headlines = len(whole[0].run.headlines)
    tell(
        did=f"Made up {RUNS:,} runs of 9 rounds and {headlines} headline ratios in which stack, challenger and "
        f"decoy are the same; each value scatters by {percent(SCATTER, 0)} and the machine becomes 2 % slower "
        f"from block to block. Judged their ratios as those of real runs are, {WHOLE} of them through the whole "
        "summary. Then 100 runs with 10 % scatter in which one ratio truly is 0.6.",
        saw=[
            f"runs with a false verdict for any of the {headlines} headlines: {sum(false)} of {RUNS:,} "
            f"({percent(sum(false) / RUNS)}; nominal: at most 5 %)",
            f"runs that the decoy unmasked as UNTRUSTED: {sum(unmasked)} of {RUNS:,} "
            f"({percent(sum(unmasked) / RUNS)}; nominal: at most 5 %)",
            f"runs with a false verdict that the decoy did not unmask: {believed} ({percent(believed / RUNS)})",
            f"the true effect of 0.6 was found, and nothing else, in {found} of 100 runs",
        ],
        wrong=f"more than {limit} false verdicts or false alarms of the decoy; never a verdict, not even for a true "
        "effect; or a whole summary that says something else than the ratios alone.",
    )
    assert 0 < sum(false) <= limit
    assert 0 < sum(unmasked) <= limit
    assert found >= 85
    assert {each.not_judged for each in whole} == {None}
    assert [_says_something(each, "headline") for each in whole] == false[:WHOLE]
    assert (
        [_says_something(each, "decoy") for each in whole] == unmasked[:WHOLE] == [not each.trusted for each in whole]
    )


def _says_something(summary: Summary, kind: str) -> bool:
    return any(each.kind == kind and each.verdict in ("better", "worse") for each in summary.comparisons)


def _same(seed: int) -> list[Record]:
    return synthetic.synthesise(9, change=drift, scatter=SCATTER, seed=seed)


def _changed(seed: int) -> list[Record]:
    factors = {(synthetic.ASGI, "read", "p50"): 0.6}
    return synthetic.synthesise(9, factors, change=drift, scatter=0.1, seed=seed)
