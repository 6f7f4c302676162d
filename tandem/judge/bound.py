"""Bound: what kept a stack from serving more at saturation: CPU, places that may wait, something else, or the generator."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

import msgspec

from tandem.records.block import Block
from tandem.records.setup import Budget, Load
from tandem.rules import FULL_SHARE

SPENT = 0.95
"""A stack whose CPUs are as busy as this serves no more, however busy the generator is beside it."""

By = Literal["cpu", "slots", "news connections", "something else", "generator"]


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What bounded one stack at saturation; shares are medians over the rounds that count. None: not available on this host."""

    scenario: str
    stack: str
    by: By
    places: int | None  # that may wait, where these were the bound
    cpu_share: float  # of the stack's CPUs, nginx and the server of its database included
    generator_share: float  # of the generator's CPU
    held_share: float | None  # of the requests in flight, those that nginx was waiting for

    @property
    def at_least(self) -> bool:
        """Whether the stack may serve more than was seen."""
        return self.by == "generator"


def find(load: Load, stack: str, budget: Budget, blocks: Sequence[Block]) -> Bound | None:
    """Return what bounded a stack under a load that saturates; None for other loads and where nothing was answered.

    By Little's law (1961) rate × mean time is how many requests were in there at once: in nginx, by the times that it
    logged, and at the news service, by how long that takes.
    """
    if not load.saturates or not any(block.requests for block in blocks):
        return None
    cpu = statistics.median(_cpu_seconds(block) / block.busy_seconds / budget.cpus for block in blocks)
    generator = statistics.median(block.interference.generator_cpu_share for block in blocks)
    held = [share for block in blocks if (share := _held(block)) is not None]
    held_share = statistics.median(held) if len(held) == len(blocks) else None
    waiting = statistics.median(block.rate for block in blocks) * (load.news_seconds or 0.0)
    by, places = _by(budget, cpu, generator, held_share, load.in_flight, waiting)
    return Bound(
        scenario=load.scenario, stack=stack, by=by, places=places, cpu_share=cpu, generator_share=generator,
        held_share=held_share,
    )  # fmt: skip


def _cpu_seconds(block: Block) -> float:
    """Return what was used on the stack's CPUs: a database's server runs there, too."""
    return block.app_cpu_seconds + block.nginx_cpu_seconds + (block.database_cpu_seconds or 0.0)


def _held(block: Block) -> float | None:
    mean = block.diagnostics.nginx_mean_ms
    return (
        None
        if mean is None or not block.saturating
        else block.requests / block.busy_seconds * mean / 1000 / block.saturating
    )


def _by(
    budget: Budget, cpu: float, generator: float, held: float | None, in_flight: int, waiting: float
) -> tuple[By, int | None]:
    if cpu >= SPENT:
        return "cpu", None
    if generator > FULL_SHARE:
        return "generator", None
    if cpu >= FULL_SHARE:
        return "cpu", None
    slots, connections = budget.slots, budget.news_connections
    places = min(slots or connections, connections)
    if places and waiting >= FULL_SHARE * places:
        return ("slots" if slots is not None and slots <= connections else "news connections"), places
    if held is not None and held < FULL_SHARE:
        return "generator", None
    if slots is not None and (held is None or held * in_flight >= slots):
        return "slots", slots
    return "something else", None
