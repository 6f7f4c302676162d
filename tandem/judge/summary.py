"""Summary: all that follows from the records of a run, as plain data; `report/document.py` writes it as `summary.json`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from tandem.judge import (
    bound,
    configuration,
    control,
    decision,
    deviation,
    fairness,
    floor,
    health,
    prediction,
    repair,
    service_level,
    verdict,
)
from tandem.judge.disturbances import Disturbances, disturbances
from tandem.judge.family import family
from tandem.judge.measures import Measures, Pooled, Route, measure
from tandem.judge.metrics import METRICS, Metric
from tandem.judge.reasons import Failing, Reason
from tandem.judge.rounds import Attempt, Key, Rounds
from tandem.judge.service_level import Service
from tandem.judge.verdict import Ratio
from tandem.records.block import Block
from tandem.records.journal import End, Record, Resumed
from tandem.records.setup import Load, Run, Stack

VERSION = 5
"""Version of `summary.json`; raised when a reader of the old one could misread the new one."""

Trust = Literal["trusted", "not judged", "untrusted"]
"""Whether its verdicts may be relied on: untrusted where the decoy, equal to the baseline, earned a verdict."""

Shown = Literal["valid", "rejected", "incomplete"]
"""What the rounds are whose absolute values are shown. Nothing is claimed from others than valid ones."""

PooledByKey = Mapping[Key, Pooled]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run, judged."""

    version: int
    run: Run
    resumed: list[Resumed]
    end: End | None  # None: the run was killed
    rounds_planned: int  # extension included, once it was begun
    rounds_complete: int  # rounds with a block of every stack under every scenario
    rounds_valid: int  # of these, rounds that nothing outside the stacks spoiled
    shown: Shown  # the rounds that measures, routes and charts come from
    complete: bool  # all planned rounds are there
    trusted: bool  # verdicts may be given and the decoy earned neither "better" nor "worse"
    decided: bool  # trusted, and every headline is better, worse or without practical difference
    not_judged: Reason | None  # why the run gives no verdict
    state: Trust
    failing: list[Failing]  # which stacks could not serve which scenarios
    advice: list[decision.Advice]
    measures: list[Measures]
    routes: list[Route]  # of scenarios that ask for several routes; none without the raw samples
    comparisons: list[Ratio]
    repairs: list[repair.Repair]  # who is hurt by each kind of blocker, and what to do; none of rounds that don't count
    misled: list[health.Misled]  # health checks that said something else than what was true
    deviations: list[deviation.Deviation]  # late requests beside what their schedule predicts, and why they differ
    predictions: list[prediction.Prediction]
    starved: list[fairness.Starved]  # requests that others starved at saturation
    bounds: list[bound.Bound]  # what bounded each stack where the load was to saturate it
    differences: list[configuration.Difference]  # in what the stacks differ besides what the apps are made of
    disturbances: Disturbances


def summarise(records: Iterable[Record], pooled: PooledByKey | None = None, routes: Sequence[Route] = ()) -> Summary:
    """Judge a run. Without `pooled` percentiles of the raw samples, intermittent stalls can't be told from steady ones.

    Raises ValueError where the records hold no run that this version can read, or a block of what the run doesn't have.
    """
    rounds = Rounds(records)
    run = rounds.run
    measures = {(load.scenario, stack.name): _measure(load, stack, rounds, pooled or {})
                for load, stack in run.pairs()}  # fmt: skip
    services = {
        key: service_level.service(key[1], [attempt.blocks[key] for attempt in rounds.valid], service_level.error(run))
        for key in measures
    }
    not_judged = verdict.run_not_judged(rounds, family(run))
    bounds = _bounds(rounds)
    at_least = {(found.scenario, found.stack) for found in bounds if found.at_least}
    others = [(load, stack) for load, stack in run.pairs() if stack.name != run.baseline and load.covers(run.baseline)]
    comparisons = _floors(run, measures, _guard([
        _compare(rounds, load, stack, metric, measures, services, not_judged, at_least)
        for load, stack in others for metric in METRICS.values() if metric.applies(load)
    ]))  # fmt: skip
    false = [c for c in comparisons if c.kind == "decoy" and c.verdict in ("better", "worse")]
    headlines = [c for c in comparisons if c.kind == "headline"]
    refused = not_judged or (Reason(code="untrusted") if false else None)
    return Summary(
        version=VERSION,
        run=run,
        resumed=rounds.resumed,
        end=rounds.end,
        rounds_planned=rounds.planned,
        rounds_complete=rounds.measured,
        rounds_valid=len(rounds.valid),
        shown="valid" if rounds.valid else "rejected" if rounds.complete else "incomplete",
        complete=rounds.measured >= rounds.planned,
        trusted=refused is None,
        decided=refused is None
        and bool(headlines)
        and all(c.verdict not in ("undecided", "not judged") for c in headlines),
        not_judged=not_judged,
        state="untrusted" if false else "not judged" if not_judged else "trusted",
        failing=service_level.failing(services, run),
        advice=decision.advise(run.loads, comparisons, refused),
        measures=list(measures.values()),
        routes=list(routes),
        comparisons=comparisons,
        repairs=[] if false else repair.find(run, list(measures.values()), comparisons, _blocks(rounds.valid)),
        misled=[] if false else health.find(run.loads, list(measures.values()), len(rounds.valid)),
        deviations=deviation.find(run, list(measures.values()), _blocks(rounds.shown)),
        predictions=_predictions(run, measures) if rounds.valid else [],
        starved=fairness.find(run.loads, measures.values(), routes) if rounds.valid else [],
        bounds=bounds,
        differences=configuration.differences(run),
        disturbances=disturbances(rounds.attempts, rounds.shown),
    )


def counted(records: Iterable[Record]) -> list[Block]:
    """Return the blocks that the measures of a run are made of. Raises ValueError as `summarise` does."""
    return _blocks(Rounds(records).shown)


def _blocks(attempts: Iterable[Attempt]) -> list[Block]:
    return [block for attempt in attempts for block in attempt.blocks.values()]


def _measure(load: Load, stack: Stack, rounds: Rounds, pooled: PooledByKey) -> Measures:
    key = (load.scenario, stack.name)
    return measure(
        *key, [attempt.blocks[key] for attempt in rounds.shown if key in attempt.blocks], pooled.get(key), load
    )


def _bounds(rounds: Rounds) -> list[bound.Bound]:
    found = []
    for load, stack in rounds.run.pairs():
        key = (load.scenario, stack.name)
        blocks = [attempt.blocks[key] for attempt in rounds.valid]
        found.append(bound.find(load, stack.name, stack.budget, blocks))
    return [one for one in found if one is not None]


def _compare(
    rounds: Rounds, load: Load, stack: Stack, metric: Metric, measures: Mapping[Key, Measures],
    services: Mapping[Key, Service], unjudged: Reason | None, at_least: Collection[Key] = (),
) -> Ratio:  # fmt: skip
    run, metric = rounds.run, metric.under(load)
    beyond = control.controls(run.loads).get(load.scenario, "") if metric.loads == "blocking" else ""
    ratios = _ratios(rounds.valid, load, stack, run.baseline, metric, beyond)
    names = [(load.scenario, name) for name in (run.baseline, stack.name)]
    pair, served = [measures[name] for name in names], [services[name] for name in names]
    values = [ratio for _, ratio in ratios]
    not_judged = unjudged or verdict.ratio_not_judged(
        run, load, metric, pair, served, values, len(rounds.valid) - len(ratios)
    )
    return verdict.compare(
        dict(ratios),
        scenario=load.scenario,
        metric=metric,
        stack=stack.name,
        baseline=run.baseline,
        kind=_kind(run, load, stack, metric),
        headlines=1 if unjudged else family(run),  # exploratory then: 95 %
        looks=1 if unjudged else rounds.looks,
        not_judged=not_judged,
        quick=run.large_only,
        at_least=[
            name
            for name in (run.baseline, stack.name)
            if metric.key == "throughput" and (load.scenario, name) in at_least
        ],
        beyond=beyond,
        everything=[ratio for _, ratio in _ratios(rounds.complete, load, stack, run.baseline, metric, beyond)],
    )


def _ratios(
    attempts: Iterable[Attempt], load: Load, stack: Stack, baseline: str, metric: Metric, beyond: str = ""
) -> list[tuple[int, float]]:
    """Return the round and the ratio of each attempt that has one; of a difference what lies beyond that under another load."""
    found = []
    for attempt in attempts:
        values = [
            metric.compare(attempt.blocks[name, stack.name], attempt.blocks[name, baseline])
            for name in (load.scenario, *([beyond] if beyond else []))
        ]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            found.append((attempt.round, known[0] - sum(known[1:])))
    return found


def _guard(comparisons: list[Ratio]) -> list[Ratio]:
    """Take the verdict from each headline whose decoy could not be judged: nothing vouches for it."""
    blind = {(c.scenario, c.metric): c.reason for c in comparisons if c.kind == "decoy" and c.verdict == "not judged"}
    guarded = []
    for one in comparisons:
        reason = blind.get((one.scenario, one.metric))
        if one.kind == "headline" and one.verdict != "not judged" and reason is not None:
            why = Reason(code="decoy not judged", because=reason)
            one = msgspec.structs.replace(one, verdict="not judged", reason=why)
        guarded.append(one)
    return guarded


def _floors(run: Run, measures: Mapping[Key, Measures], comparisons: Iterable[Ratio]) -> list[Ratio]:
    """Put beside each ratio that got a verdict what of it is nginx and generator."""
    return [
        c
        if c.verdict == "not judged"
        else msgspec.structs.replace(
            c, floor=floor.below(METRICS[c.metric], c.estimate, measures[c.scenario, c.baseline], run.calibration)
        )
        for c in comparisons
    ]


def _kind(run: Run, load: Load, stack: Stack, metric: Metric) -> verdict.RatioKind:
    if not any(h.scenario == load.scenario and h.metric == metric.key for h in run.headlines):
        return "exploratory"
    return "decoy" if stack.decoy_of is not None else "headline"


def _predictions(run: Run, measures: Mapping[Key, Measures]) -> list[prediction.Prediction]:
    found = []
    for load, stack in run.pairs():
        seen = measures[load.scenario, stack.name]
        p50 = seen.pooled.p50_ms if seen.pooled else seen.p50_ms
        found.append(prediction.predict(load, stack, seen.rate if seen.rounds else None, p50, seen.cpu_ms))
    return [one for one in found if one is not None]
