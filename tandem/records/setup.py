"""Setup: all that was fixed before the first block of a run, its first record.

Times are in seconds unless a name says `_ms`; memory in bytes; points in time are ISO 8601 in UTC.
"""

from __future__ import annotations

from typing import Literal

import msgspec


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
    """How one scenario is driven: in an open loop, by arrivals that wait for nobody, or in a closed one, to saturation."""

    scenario: str  # its name in this run
    drives: str = (
        ""  # the load test's scenario, where that has another name: one can be driven at a rate and to saturation
    )
    situation: str = ""  # the question of whoever chooses a stack that it answers; empty: none, or a run of before
    arrivals: Literal["poisson", "uniform", "closed"]  # how their due times are spread; closed: when one is answered
    rate: float  # arrivals per second; 0 in a closed loop, where the stack decides
    in_flight: int  # most requests in flight at once: an arrival beyond it is dropped; a closed loop keeps as many
    timeout_seconds: float  # a request without an answer by then has failed
    warmup_seconds: float
    seconds: float  # length of the measured window
    news_seconds: float | None = None  # how long the news service takes to answer, where the scenario calls it
    why_rate: str = ""  # what bounded the rate, as words

    @property
    def clients(self) -> str:
        """The load test's name of the scenario."""
        return self.drives or self.scenario

    @property
    def slug(self) -> str:
        """Its name within the names of files."""
        return self.scenario.replace(" ", "-")

    @property
    def saturates(self) -> bool:
        """Whether it asks for as much as the stack can serve."""
        return self.arrivals == "closed"


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """One ratio, challenger to baseline, that the run will give a verdict to."""

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
    sqlite: str  # its version; "none" for an app without a database
    sqlite_durability: str
    packages: dict[str, str]

    def database(self) -> str:
        """Return the database library and what is asked of it, for people."""
        return "no database" if self.sqlite == "none" else f"SQLite {self.sqlite} ({self.sqlite_durability})"


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
    app: dict[str, str] = {}  # digests of what the app's row says and of the files it names; empty in runs of before
    probes: int  # contract probes that every stack answered alike before the first block
    calibration: Calibration | None
    suspect: list[
        str
    ]  # reasons known from the start why numbers of this run are suspect (one CPU, a machine in use, …)
    provenance: Provenance
