"""Pools: the raw samples of a run's blocks, read once and put together per scenario and stack.

Ten million samples are 160 MB here: only response times are kept, as arrays of doubles, by route and then together.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import msgspec

from tandem import statistics
from tandem.errors import RunFailed
from tandem.judge.measures import Pooled, Route
from tandem.judge.rounds import Key
from tandem.observe import samples
from tandem.records.block import Block

Responses = Mapping[Key, Sequence[float]]


class Pools(msgspec.Struct, frozen=True):
    """Response times in milliseconds, ascending, +∞ for arrivals without a good answer; routes; and what was amiss."""

    responses: Responses
    routes: list[Route]  # of scenarios that ask for several
    problems: list[str]


def read(folder: Path, blocks: Iterable[Block], without: Mapping[str, str] = MappingProxyType({})) -> Pools:
    """Read and pool the samples of these blocks; a file that is missing, broken or too short is a problem, not an error.

    `without` names the route of the blockers of each scenario that has any: they are none of its arrivals.
    """
    by_route: dict[Key, dict[str, array[float]]] = {}
    problems = []
    for block in blocks:
        try:
            found = _read(folder, block, without.get(block.scenario, ""))
        except (OSError, RunFailed):
            problems.append(f"{block.samples}: missing or unreadable")
            continue
        routes = by_route.setdefault((block.scenario, block.stack), {})
        for route, times in found.items():
            routes.setdefault(route, array("d")).extend(times)
        if (there := sum(map(len, found.values()))) != block.arrivals:
            problems.append(f"{block.samples}: {there} samples, but {block.arrivals} arrivals")
    responses = {key: array("d", sorted(chain.from_iterable(routes.values()))) for key, routes in by_route.items()}
    return Pools(responses, [one for key, routes in by_route.items() for one in _routes(*key, routes)], problems)


def percentiles(pools: Pools) -> dict[Key, Pooled]:
    """Return the percentiles of every pool that holds samples."""
    return {key: pooled(values) for key, values in pools.responses.items() if values}


def _routes(scenario: str, stack: str, found: Mapping[str, Sequence[float]]) -> list[Route]:
    """Return the routes of a scenario in the order of their names, none where there is but one."""
    if len(found) < 2:
        return []
    return [
        Route(
            scenario=scenario,
            stack=stack,
            route=route,
            failed_share=sum(map(math.isinf, times)) / len(times),
            pooled=pooled(sorted(times)),
        )
        for route, times in sorted(found.items())
    ]


def pooled(ordered: Sequence[float]) -> Pooled:
    """Return the percentiles of ascending response times."""
    p50, p90, p99, p999 = (statistics.reached(ordered, share) for share in (0.5, 0.9, 0.99, 0.999))
    return Pooled(samples=len(ordered), p50_ms=p50, p90_ms=p90, p99_ms=p99, p999_ms=p999)


def _read(folder: Path, block: Block, without: str) -> dict[str, array[float]]:
    """Return the block's response times by route. Raises RunFailed where the file lies outside the folder or can't be read."""
    return samples.by_route(file(folder, block), block.windows, without)


def file(folder: Path, block: Block) -> Path:
    """Return where the samples of a block are. Raises RunFailed where they lie outside the folder, or are no file."""
    path = (folder / block.samples).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise RunFailed(f"the samples {block.samples} lie outside the run's folder")
    if not path.is_file():  # a pipe would keep us waiting
        raise RunFailed(f"the samples {block.samples} are no regular file")
    return path
