"""Capacity: what a search for it leaves on disk, one JSON line each in `capacity.jsonl`, written before the next block begins.

The first line is a `Search`: everything that was decided before the first block. Then one `Try` per block, in the order of
measurement, and an `End` when the search ended by itself or was stopped; where it was resumed, further lines of both follow.
"""

from __future__ import annotations

import msgspec

from tandem.records.block import Block
from tandem.records.bounds import NotNegative, Positive, Text
from tandem.records.journal import End
from tandem.records.setup import Run

CAPACITY_FILE = "capacity.jsonl"
"""Name of the file in the folder of a run."""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, and the service level at which its capacity is searched for."""

    scenario: Text
    target_ms: (
        Positive  # p99 of `response` has to stay below it: what was asked for, and the time that the scenario waits
    )
    waits_ms: NotNegative  # of it, for the news service, which no stack can make shorter


class Search(msgspec.Struct, frozen=True, kw_only=True, tag="search"):
    """The first line: all that was fixed before the first block."""

    levels: list[Level]
    warmup_seconds: NotNegative  # of each rate that is tried
    seconds: Positive  # length of its measured window
    run: Run  # stacks, seed, machine; its loads saturate, and begin the search for each stack


class Try(msgspec.Struct, frozen=True, kw_only=True, tag="try"):
    """One stack under one scenario at one rate, measured once; the first of each search is at saturation."""

    scenario: Text  # of the load test
    rate: NotNegative  # arrivals per second; 0: at saturation
    block: Block


CapacityRecord = Search | Try | End
