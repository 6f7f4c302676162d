"""Records: what a run leaves on disk, one JSON line each in `records.jsonl`, written before the next block begins.

The first line is a `Run`: everything that was decided before the first block. Then one `Block` per block, in the order
of measurement, and an `End` when the run ended by itself or was stopped. A file without an `End` is a run that was killed:
what it holds can still be reported.

Times are in seconds unless a name says `_ms`; CPU is in CPU seconds; memory in bytes; points in time are ISO 8601 in UTC.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

FORMAT = 1
"""Version of the format below; raised when an old file could be misread."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack is allowed."""

    cpus: int
    processes: int  # server processes that answer requests, over all CPUs
    threads: int  # threads that handle requests, per process (1 where a process handles one at a time or has a loop)
    slots: (
        int | None
    )  # requests that can be in a handler at once over all processes; None where only connections bound it
    database_connections: int  # most connections to the database over all processes, reading and writing
    news_connections: int  # most connections to the news service over all processes


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """One stack of the run, under the name it has in this run (the decoy has one of its own)."""

    name: str
    title: str
    app: str
    budget: Budget
    commands: list[list[str]]  # one per server, as they were started, port and place of Python aside
    environment: dict[str, str]
    decoy_of: str | None = None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How one scenario is driven."""

    scenario: str
    users: int  # concurrent users (closed loop)
    think_seconds: float  # mean pause of a user between two requests; 0 means none
    warmup_seconds: float
    seconds: float  # length of the measured window
    news_seconds: float | None = None  # how long the news service takes to answer, where the scenario calls it


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """One ratio, challenger to baseline, that the run will give a word to."""

    scenario: str
    metric: str  # "cpu", "p50", "p99" or "memory"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where the numbers come from."""

    commit: str | None
    dirty: bool | None
    date: str
    command: list[str]
    python: str
    platform: str
    kernel: str
    cpu_model: str
    cpus: list[int]  # CPUs this run was allowed to use
    stack_cpus: list[int]
    generator_cpus: list[int]
    memory_bytes: int
    virtualised: str | None  # the hypervisor's name, where the CPU reports one
    nginx: str
    sqlite: str
    sqlite_durability: str
    packages: dict[str, str]


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """The first line: all that was fixed before the first block."""

    format: int
    profile: str
    seed: int
    rounds: int
    baseline: str
    stacks: list[Stack]
    loads: list[Load]
    headlines: list[Headline]  # each is judged for every stack that is neither baseline nor decoy
    seeded_users: int
    probes: int  # contract probes that every stack answered alike before the first block
    suspect: list[str]  # reasons known from the start why numbers of this run are suspect (one CPU, …)
    provenance: Provenance


class Block(msgspec.Struct, frozen=True, kw_only=True, tag="block"):
    """One stack under one scenario at one load, measured once."""

    round: int  # from 1
    scenario: str
    stack: str
    position: int  # place in the order of its round and scenario, from 1
    started: str
    seconds: float  # length of the measured window as it really was
    samples: str  # path of the raw samples, relative to the run's folder
    requests: int  # sent in the window and finished, failed ones included
    failures: int
    unfinished: int  # sent in the window and still in flight when the block ended
    rate: float  # good answers per second
    p50_ms: float | None  # None: not reached (too many failed), as in +∞
    p90_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    app_cpu_seconds: float
    nginx_cpu_seconds: float
    app_memory_bytes: int | None  # PSS, read after the window
    nginx_memory_bytes: int | None
    generator_cpu_seconds: float
    start_seconds: float  # from starting the stack to its first good answer
    failure_examples: list[str] = []


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """The last line of a run that came to an end."""

    date: str
    complete: bool
    reason: str  # "all rounds measured", or why the run stopped


Record = Run | Block | End


def append(path: Path, record: Record) -> None:
    """Add one record to the file at `path` and have it on disk when this returns. Raises OSError."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(record) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> Iterator[Record]:
    """Yield the records of a file; a last line that was cut off by a crash is left out.

    Raises OSError where the file can't be read and msgspec.DecodeError where a line other than the last is no record.
    """
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines):
        if not line:
            continue
        try:
            yield msgspec.json.decode(line, type=Record)
        except msgspec.DecodeError:
            if number < len(lines) - 1:
                raise
            return
