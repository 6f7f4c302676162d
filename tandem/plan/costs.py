"""Costs: how many seconds a run takes beside its warm-ups and windows. One table, which all estimates come from.

The seconds are from two runs on two CPUs. In the journal of a quick run a round's blocks took 41.2 s and what lay before them
8.4 s, for three stacks and eight generators; in that of a search for capacity 3.0 s lay between two blocks, for one of each
(medians of 10, 6 and 63). `python -m tests.selftest.estimate FOLDER` holds the first two against a run.
Once a round was measured, what it took counts instead (`experiments/progress.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from tandem.plan.loads import turns
from tandem.records.setup import Load

STACK = 1.15
"""To start a stack on a copy of the database, and to warm its workers; stacks of a round start one after another."""

LOADING = 0.4
"""To load Locust, beyond what stacks hide of it: both share the CPUs until they are pinned."""

STOP = 0.95
"""To stop all that ran in a round."""

ONE_PIECE = 0.5
"""Of a block in one piece: a file asked of nginx, Locust's beginning and end, its samples."""

LAST_ANSWERS = 1.2
"""Until what waits for a third party is answered at the end of a block at saturation: 256 requests share a stack's slots."""

TURN = 0.12
"""Of a turn: its last answers, and reading what was used."""

SLICED = 1.5
"""Of a load in slices, all its turns together: as of a block in one piece, for all stacks."""

AROUND_ROUNDS = 25.0
"""Of a run: seeding, a look whether the machine is idle, proof of sameness and calibration before rounds, the report after."""


def begin_and_end(stacks: int, generators: int) -> float:
    """Return what it takes to start and stop stacks that are measured together."""
    return STACK * stacks + LOADING * generators + STOP


def blocks(loads: Sequence[Load]) -> float:
    """Return how long blocks take, given the load of each."""
    sliced = {load.scenario for load in loads if load.slices}
    return sum(map(_block, loads)) + SLICED * len(sliced)


def round_seconds(measured: Sequence[Sequence[Load]]) -> float:
    """Return how long a round takes, given the loads of each of its stacks."""
    every = [load for loads in measured for load in loads]
    if any(load.slices for load in every):
        return begin_and_end(len(measured), len(every)) + blocks(every)
    return sum(begin_and_end(1, len(loads)) + blocks(loads) for loads in measured)


def _block(load: Load) -> float:
    if load.slices:
        return turns(load) * (load.seconds / load.slices + TURN)
    return (
        load.warmup_seconds
        + load.seconds
        + ONE_PIECE
        + LAST_ANSWERS * (load.saturates and load.news_seconds is not None)
    )
