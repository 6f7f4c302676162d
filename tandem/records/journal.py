"""Records: what a run leaves on disk, one JSON line each in `records.jsonl`, written before the next block begins.

The first line is a `Run`: everything that was decided before the first block. Then one `Block` per block, in the order
of measurement, and an `End` when the run ended by itself or was stopped. A file without an `End` is a run that was killed:
what it holds can still be reported. Where a run was taken up again a `Resumed` follows, then further blocks and another
`End`; the last one counts.

A round is measured as a whole. If something outside the stacks spoiled it, or the run broke off within it, all of it is
measured again: its blocks then carry a higher `attempt`, and the earlier ones stay on record.

Times are in seconds unless a name says `_ms`; CPU is in CPU seconds; memory in bytes; points in time are ISO 8601 in UTC.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

FORMAT = 2
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
    """How one scenario is driven: open loop, arrivals that wait for nobody."""

    scenario: str
    arrivals: Literal["poisson", "uniform"]  # how their due times are spread
    rate: float  # arrivals per second
    in_flight: int  # most requests in flight at once; an arrival beyond it is dropped and counted
    timeout_seconds: float  # a request without an answer by then has failed
    warmup_seconds: float
    seconds: float  # length of the measured window
    news_seconds: float | None = None  # how long the news service takes to answer, where the scenario calls it
    why_rate: str = ""  # what bounded the rate, as words


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


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What the load generator can do against nginx alone, measured before the first block (scenario `floor`)."""

    ceiling_rate: float  # requests per second in a closed loop, the generator's CPU being full
    ceiling_cpu_share: float  # of its CPU that it used for that; below 0.9 something else was the limit
    floor_rate: float  # arrivals per second at which the rest was measured
    floor_p50_ms: float | None  # response time of a static file
    floor_p99_ms: float | None
    dispatch_lag_p50_ms: float
    dispatch_lag_p99_ms: float
    generator_cpu_ms: float  # the generator's own CPU per request at that rate


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """The first line: all that was fixed before the first block."""

    format: int
    profile: str
    seed: int
    rounds: int
    extension: (
        int  # further rounds that were planned from the start, 0 for none; with some each look has half the error
    )
    baseline: str
    stacks: list[Stack]
    loads: list[Load]
    headlines: list[Headline]  # each is judged for every stack that is neither baseline nor decoy
    seeded_users: int
    probes: int  # contract probes that every stack answered alike before the first block
    calibration: Calibration | None
    suspect: list[
        str
    ]  # reasons known from the start why numbers of this run are suspect (one CPU, a machine in use, …)
    provenance: Provenance


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What went on outside the stack during a window; shares are of the window's length. None: this machine doesn't tell."""

    generator_waiting_share: float | None  # time that the generator's threads were ready to run and waited for a CPU
    generator_cpu_share: float  # CPU that the generator used, of one CPU
    others_cpu_share: (
        float | None
    )  # CPU that neither run, harness nor kernel threads used, on the run's CPUs, of one CPU
    steal_share: float | None  # time that the hypervisor took from the run's CPUs
    throttled_share: float | None  # time that a CPU quota held the harness and its children back
    pressure_share: float | None  # PSI: time in which some task waited for a CPU; printed, not judged


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What the stack used of its budget, seen from outside at the end of a window. None: this machine doesn't tell."""

    processes: int  # of the app, masters included
    threads: int | None  # of all these processes
    database_connections: int | None  # most at once: SQLite keeps the descriptor of one that was closed for the next
    news_connections: int | None
    in_flight: int  # most requests between client and stack at once, during the window


class Diagnostics(msgspec.Struct, frozen=True, kw_only=True):
    """Cross-checks of a window, printed and never used to exclude; None where there was nothing to compute from."""

    first_half_p50_ms: float | None
    second_half_p50_ms: float | None
    first_half_p99_ms: float | None
    second_half_p99_ms: float | None
    in_flight_seen: float  # mean number of requests in flight that an arrival met, counted by the dispatcher
    in_flight_little: float  # the same by Little's law: arrivals per second × mean time in the system
    service_mean_ms: float | None  # mean time from sending to the whole answer, as the generator saw it
    nginx_mean_ms: float | None  # mean $request_time of the same requests, as nginx saw it
    static_p50_ms: float | None  # a static file of the stack's nginx, asked one by one just before the block


class Block(msgspec.Struct, frozen=True, kw_only=True, tag="block"):
    """One stack under one scenario at one load, measured once."""

    round: int  # from 1
    attempt: int = 1  # of this round, from 1
    scenario: str
    stack: str
    position: int  # place in the order of its round and scenario, from 1
    started: str
    seconds: float  # length of the measured window as it really was
    samples: str  # path of the raw samples, relative to the run's folder
    arrivals: int  # due in the window: requests + unfinished + dropped
    requests: int  # finished, failed ones included
    failures: int
    unfinished: int  # still without an answer when the block ended
    dropped: int  # never sent, because too many requests were in flight
    backlog: int  # requests in flight at the window's end less those at its beginning
    rate: float  # good answers per second
    p50_ms: float | None  # of `response`, from due to the whole answer; None: not reached (too many failed), as in +∞
    p90_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    dispatch_lag_p50_ms: float  # of `start_delay`, from due to sent: the generator's own lateness
    dispatch_lag_p99_ms: float
    asked: str  # digest of what the window's arrivals asked for
    asked_otherwise: int  # arrivals that asked for something else than the first block of this round and scenario did
    unaccounted: int  # arrivals of the window that left no sample, or two, or that the schedule has and it has not
    app_cpu_seconds: float
    nginx_cpu_seconds: float
    app_memory_bytes: int | None  # PSS, read after the window
    nginx_memory_bytes: int | None
    start_seconds: float  # from starting the stack to its first good answer
    surroundings: Surroundings
    observed: Observed
    diagnostics: Diagnostics
    failure_examples: list[str] = []


class Resumed(msgspec.Struct, frozen=True, kw_only=True, tag="resumed"):
    """The run was taken up again, to finish it or to extend it."""

    date: str
    rounds: int  # rounds that the run has in all from here on
    suspect: list[str]
    provenance: Provenance


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """The last line of a run that came to an end."""

    date: str
    complete: bool
    reason: str  # "all rounds measured", or why the run stopped


Record = Run | Block | Resumed | End


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
