"""Summary: all that follows from the records of a run, as plain data: `summary.json`, whose schema is committed.

`python -m tandem.summary --schema` prints the JSON Schema.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tandem import advice, prediction, sentences, verdict
from tandem.measures import METRICS, Measures, Metric, Pooled, measure, value
from tandem.records import FORMAT, Block, End, Load, Record, Run, Stack
from tandem.verdict import Comparison

VERSION = 1
"""Version of `summary.json`; raised when a reader of the old one could misread the new one."""

SCHEMA = Path(__file__).with_name("summary.schema.json")

Samples = Mapping[tuple[str, str], Pooled]
Blocks = dict[str, dict[int, dict[str, Block]]]  # by scenario, round, stack


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run, judged."""

    version: int
    run: Run
    end: End | None  # None: the run was killed
    rounds_complete: int  # rounds with a block of every stack under every scenario
    complete: bool  # all planned rounds are there
    trusted: bool  # words may be given and the decoy earned neither "better" nor "worse"
    decided: bool  # trusted, and every headline is better, worse or without practical difference
    withheld: str | None  # why the run gives no word
    badge: str
    verdict: list[str]  # the sentence that matters most first
    advice: list[advice.Advice]
    measures: list[Measures]
    comparisons: list[Comparison]
    predictions: list[prediction.Prediction]


def summarise(records: Iterable[Record], pooled: Samples | None = None) -> Summary:
    """Judge a run. Without `pooled` percentiles of the raw samples, intermittent stalls can't be told from steady ones.

    Raises ValueError where the records hold no run that this version can read, or a block of what the run doesn't have.
    """
    run, blocks, end = _sort(records)
    complete = _complete(run, blocks)
    all_complete = len(set.intersection(*map(set, complete.values()))) if complete else 0
    measures = {(load.scenario, stack.name): _measure(load, stack, blocks, complete, pooled or {})
                for load in run.loads for stack in run.stacks}  # fmt: skip
    withheld = verdict.withheld(run, all_complete)
    comparisons = _guard([
        _compare(run, load, stack, metric, blocks, complete, measures, withheld)
        for load in run.loads for stack in run.stacks if stack.name != run.baseline for metric in METRICS
    ])  # fmt: skip
    false = [c for c in comparisons if c.kind == "decoy" and c.word in ("better", "worse")]
    headlines = [c for c in comparisons if c.kind == "headline"]
    refused = withheld or ("the run is UNTRUSTED" if false else None)
    predictions = _predictions(run, measures)
    return Summary(
        version=VERSION,
        run=run,
        end=end,
        rounds_complete=all_complete,
        complete=all_complete >= run.rounds,
        trusted=refused is None,
        decided=refused is None and bool(headlines) and all(c.word not in ("undecided", "no word") for c in headlines),
        withheld=withheld,
        badge=f"{all_complete} of {run.rounds} rounds complete · {sentences.decoy(comparisons, withheld)}",
        verdict=sentences.verdict(comparisons, list(measures.values()), withheld, false),
        advice=advice.advise(comparisons, refused, predictions),
        measures=list(measures.values()),
        comparisons=comparisons,
        predictions=predictions,
    )


def counted(records: Iterable[Record]) -> list[Block]:
    """Return the blocks that the measures of a run are made of. Raises ValueError as `summarise` does."""
    run, blocks, _ = _sort(records)
    complete = _complete(run, blocks)
    keys = [(load.scenario, number) for load in run.loads for number in _counting(load.scenario, blocks, complete)]
    return [block for scenario, number in keys for block in blocks[scenario][number].values()]


def challengers(run: Run) -> list[Stack]:
    """Return the stacks that are judged: neither the baseline nor a decoy."""
    return [stack for stack in run.stacks if stack.name != run.baseline and stack.decoy_of is None]


def family(run: Run) -> int:
    """Return m, the number of ratios that get a word: headlines times challengers."""
    return len(run.headlines) * len(challengers(run))


def _sort(records: Iterable[Record]) -> tuple[Run, Blocks, End | None]:
    run, blocks, end = None, [], None
    for record in records:
        if isinstance(record, Run):
            if run is not None:
                raise ValueError("the records hold two runs; keep each run in its own folder")
            run = record
        elif isinstance(record, Block):
            blocks.append(record)
        else:
            end = record
    if run is None:
        raise ValueError("the records name no run: their first line is missing")
    if run.format != FORMAT:
        raise ValueError(f"the records have format {run.format}, this version of tandem reads format {FORMAT}")
    return run, _arrange(run, blocks), end


def _arrange(run: Run, blocks: Iterable[Block]) -> Blocks:
    """Index the blocks of the planned rounds; a block that was measured again replaces the first one."""
    table: Blocks = {load.scenario: {} for load in run.loads}
    names = {stack.name for stack in run.stacks}
    if run.baseline not in names:
        raise ValueError(f"the run's baseline {run.baseline!r} is none of its stacks")
    for block in blocks:
        if block.scenario not in table or block.stack not in names:
            raise ValueError(f"a block is of {block.scenario!r} on {block.stack!r}, which the run doesn't have")
        if 1 <= block.round <= run.rounds:
            table[block.scenario].setdefault(block.round, {})[block.stack] = block
    return table


def _complete(run: Run, blocks: Blocks) -> dict[str, list[int]]:
    """Return for each scenario the rounds in which every stack, the decoy included, was measured."""
    return {
        scenario: sorted(number for number, found in rounds.items() if len(found) == len(run.stacks))
        for scenario, rounds in blocks.items()
    }


def _counting(scenario: str, blocks: Blocks, complete: dict[str, list[int]]) -> list[int]:
    """Return the complete rounds; where there is none, whatever there is, so that a broken-off run shows what it has."""
    return complete[scenario] or sorted(blocks[scenario])


def _measure(load: Load, stack: Stack, blocks: Blocks, complete: dict[str, list[int]], pooled: Samples) -> Measures:
    rounds = _counting(load.scenario, blocks, complete)
    found = [blocks[load.scenario][number].get(stack.name) for number in rounds]
    known = [block for block in found if block is not None]
    return measure(load.scenario, stack.name, known, pooled.get((load.scenario, stack.name)))


def _compare(
    run: Run, load: Load, stack: Stack, metric: Metric, blocks: Blocks, complete: dict[str, list[int]],
    measures: Mapping[tuple[str, str], Measures], withheld: str | None,
) -> Comparison:  # fmt: skip
    rounds = complete[load.scenario]
    ratios: dict[int, float] = {}
    for number in rounds:
        ours, theirs = (value(blocks[load.scenario][number][name], metric) for name in (stack.name, run.baseline))
        if ours is not None and theirs is not None:
            ratios[number] = ours / theirs
    pair = [measures[load.scenario, name] for name in (run.baseline, stack.name)]
    no_word = withheld or verdict.barred(run, load, metric, pair, ratios.values(), len(rounds) - len(ratios))
    return verdict.compare(
        ratios,
        scenario=load.scenario,
        metric=metric,
        stack=stack.name,
        baseline=run.baseline,
        kind=_kind(run, load, stack, metric),
        headlines=1 if withheld else family(run),  # exploratory then: 95 %
        no_word=no_word,
        quick=run.profile == "quick",
    )


def _guard(comparisons: list[Comparison]) -> list[Comparison]:
    """Take the word from each headline whose decoy could not be judged: nothing vouches for it."""
    blind = {(c.scenario, c.metric): c.reason for c in comparisons if c.kind == "decoy" and c.word == "no word"}
    guarded = []
    for one in comparisons:
        reason = blind.get((one.scenario, one.metric))
        if one.kind == "headline" and one.word != "no word" and reason is not None:
            one = msgspec.structs.replace(one, word="no word", reason=f"the decoy could not be judged: {reason}")
        guarded.append(one)
    return guarded


def _kind(run: Run, load: Load, stack: Stack, metric: Metric) -> verdict.Kind:
    if not any(h.scenario == load.scenario and h.metric == metric for h in run.headlines):
        return "exploratory"
    return "decoy" if stack.decoy_of is not None else "headline"


def _predictions(run: Run, measures: Mapping[tuple[str, str], Measures]) -> list[prediction.Prediction]:
    found = []
    for load in run.loads:
        for stack in run.stacks:
            seen = measures[load.scenario, stack.name]
            p50 = seen.pooled.p50_ms if seen.pooled else seen.p50_ms
            found.append(prediction.predict(load, stack, seen.rate if seen.rounds else None, p50))
    return [one for one in found if one is not None]


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `summary.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"tandem summary, version {VERSION}",
        **msgspec.json.schema(Summary),
    }


def schema_text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--schema"]:
        sys.exit("usage: python -m tandem.summary --schema")
    sys.stdout.write(schema_text())
