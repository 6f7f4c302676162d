"""Pools: the raw samples of a run's blocks, read once and put together per scenario and stack.

Ten million samples are 80 MB here: only response times are kept, as arrays of doubles, and one pool is sorted at a time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from tandem import samples, statistics
from tandem.errors import RunFailed
from tandem.measures import Pooled
from tandem.records import Block
from tandem.rounds import Key

Responses = Mapping[Key, Sequence[float]]


class Pools(msgspec.Struct, frozen=True):
    """Response times in milliseconds, ascending, +∞ for arrivals without a good answer; and what was amiss."""

    responses: Responses
    problems: list[str]


def read(folder: Path, blocks: Iterable[Block]) -> Pools:
    """Read and pool the samples of these blocks; a file that is missing, broken or too short is a problem, not an error."""
    responses: dict[Key, array[float]] = {}
    problems = []
    for block in blocks:
        try:
            found = _read(folder, block)
        except (OSError, RunFailed):
            problems.append(f"{block.samples}: missing or unreadable")
            continue
        responses.setdefault((block.scenario, block.stack), array("d")).extend(found)
        if len(found) != block.arrivals:
            problems.append(f"{block.samples}: {len(found)} samples, but {block.arrivals} arrivals")
    for key, values in responses.items():
        responses[key] = array("d", sorted(values))
    return Pools(responses, problems)


def percentiles(pools: Pools) -> dict[Key, Pooled]:
    """Return the percentiles of every pool that holds samples."""
    return {key: _pooled(values) for key, values in pools.responses.items() if values}


def _pooled(ordered: Sequence[float]) -> Pooled:
    p50, p90, p99, p999 = (statistics.reached(ordered, share) for share in (0.5, 0.9, 0.99, 0.999))
    return Pooled(samples=len(ordered), p50_ms=p50, p90_ms=p90, p99_ms=p99, p999_ms=p999)


def _read(folder: Path, block: Block) -> array[float]:
    """Return the block's response times. Raises RunFailed where the file lies outside the folder or can't be read."""
    path = (folder / block.samples).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise RunFailed(f"the samples {block.samples} lie outside the run's folder")
    return samples.response_times(path)
