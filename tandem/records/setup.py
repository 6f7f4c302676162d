"""Setup: all that was fixed before the first block of a run, its first record.

Times are in seconds unless a name says `_ms`; memory in bytes; points in time are ISO 8601 in UTC.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from tandem.records.bounds import Amount, Count, NotNegative, Positive, Seed, SmallCount, Text


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack is allowed."""

    cpus: Count
    processes: Count  # server processes that answer requests, over all CPUs
    threads: Count  # threads that handle requests, per process (1 where a process handles one at a time or has a loop)
    slots: (
        Count | None
    )  # requests that can be in a handler at once over all processes; None where only connections bound it
    database_connections: Count  # most connections to the database over all processes, reading and writing
    news_connections: Count  # most connections to the news service over all processes


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """One stack of the run, under the name it has in this run (the decoy has one of its own)."""

    name: Text
    title: Text
    app: Text
    budget: Budget
    commands: list[list[Text]]  # one per server, as they were started, port and place of Python aside
    environment: dict[Text, Text]
    decoy_of: Text | None = None


class Blocking(msgspec.Struct, frozen=True, kw_only=True):
    """Requests beside the arrivals that block in the stack, in the middle of the three phases of a window."""

    kind: Text  # what they do while they block
    row: Text = ""  # the kind's name in the table of kinds; empty: the scenario's own, or a run of before
    route: Text  # such as "GET /sleep"
    query: Text = ""  # of these requests, where it is not milliseconds alone
    holds_loop: bool | None = (
        True  # whether it stops an event loop that serves it; None: each stack does it in its own way
    )
    holds: Text = (
        ""  # what others need, too, and have not meanwhile: "threads", "connections", "writer", or its whole "process"
    )
    needed_by: tuple[Text, ...] = ()  # the routes that need it; a process is needed by all
    control: bool = (
        False  # nobody asks for it: an outside process burns as much CPU on the stack's CPUs at the same moments
    )
    repairs: Text = ""  # the load of the run that does the same wrong, where these do it right; empty: they don't
    planted: Text = ""  # file and function in which a loop stands then; empty: it doesn't, or a run of before
    client: Text = ""  # how the client behaves, where it is what blocks; empty: like any other
    happens: Text = ""  # what a reader takes home of it; empty: nothing, or a run of before
    repair: Text = ""  # what helps in the code; empty: nothing, or a run of before
    bystander: Text = ""  # what one in three of the others asks for, as its load test calls it; empty: nothing special
    rate: Positive  # per second
    arrivals: Literal["uniform", "poisson"] = "uniform"  # how they are spread: evenly, or as many at random
    milliseconds: Positive  # for which each blocks
    about: bool = False  # whether nobody knows that beforehand, as it depends on the machine: then it is seen
    before: Positive  # seconds of each phase; together they are the window
    on: Positive
    after: Positive

    @property
    def number(self) -> int:
        """How many there are."""
        return math.ceil(round(self.on * self.rate, 6))


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How one scenario is driven: in an open loop, by arrivals that wait for nobody, or in a closed one, to saturation."""

    scenario: Text  # its name in this run
    drives: Text = (
        ""  # the load test's scenario, where that has another name: one can be driven at a rate and to saturation
    )
    situation: Text = ""  # the question of whoever chooses a stack that it answers; empty: none, or a run of before
    arrivals: Literal["poisson", "uniform", "closed"]  # how their due times are spread; closed: when one is answered
    rate: NotNegative  # arrivals per second; 0 in a closed loop, where the stack decides
    in_flight: Count  # most requests in flight at once: an arrival beyond it is dropped; a closed loop keeps as many
    timeout_seconds: NotNegative  # a request without an answer by then has failed
    warmup_seconds: NotNegative
    seconds: Positive  # length of the measured window
    slices: SmallCount = (
        0  # equal parts of the window, which the stacks of a round take in turn; 0: one piece, or a run of before
    )
    news_seconds: NotNegative | None = None  # how long the news service takes to answer, where the scenario calls it
    not_judged: dict[str, str] = {}  # metrics that are judged of other scenarios and not of this one, and why
    why_rate: Text = ""  # what bounded the rate, as words
    stacks: list[Text] = []  # that are measured under it; none: all, or a run of before
    blocking: Blocking | None = None  # who blocks meanwhile, and when
    decoy: bool = True  # whether the decoy is measured under it, too

    def covers(self, stack: str, is_decoy: bool = False) -> bool:
        """Tell whether a stack is measured under it."""
        return (self.decoy or not is_decoy) and (not self.stacks or stack in self.stacks)

    @property
    def clients(self) -> str:
        """The load test's name of the scenario."""
        return self.drives or self.scenario

    @property
    def schedule(self) -> str:
        """The load whose arrivals it has: its own, or those of what it does right."""
        return (self.blocking.repairs if self.blocking else "") or self.scenario

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

    scenario: Text
    metric: Text  # the key of a metric


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where the numbers come from."""

    commit: Text | None
    dirty: bool | None
    date: Text
    command: list[Text]
    python: Text
    platform: Text
    kernel: Text
    cpu_model: Text
    cpus: list[Count]  # CPUs this run was allowed to use
    stack_cpus: list[Count]
    generator_cpus: list[Count]
    memory_bytes: Count
    virtualised: Text | None  # the hypervisor's name, where the CPU reports one
    nginx: Text
    sqlite: (
        Text  # version of the database, whose name it has since the first format; "none" for an app without a database
    )
    sqlite_durability: Text
    database_title: Text = "SQLite"  # whose version and durability these are
    packages: dict[Text, Text]

    def database(self) -> str:
        """Return the database library and what is asked of it, for people."""
        return (
            "no database"
            if self.sqlite == "none"
            else f"{self.database_title} {self.sqlite} ({self.sqlite_durability})"
        )


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What the load generator can do against nginx alone, measured before the first block (scenario `floor`)."""

    ceiling_rate: Amount  # requests per second in a closed loop, the generator's CPU being full
    ceiling_cpu_share: Amount  # of its CPU that it used for that; below 0.9 something else was the limit
    floor_rate: Amount  # arrivals per second at which the rest was measured
    floor_p50_ms: Amount | None  # response time of a static file
    floor_p99_ms: Amount | None
    dispatch_lag_p50_ms: Amount
    dispatch_lag_p99_ms: Amount
    generator_cpu_ms: Amount  # the generator's own CPU per request at that rate


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run", omit_defaults=True):
    """The first line: all that was fixed before the first block."""

    format: Count
    profile: Text
    first_look: bool | None = None  # whether p99 and equality are never judged; None: a run of before
    seed: Seed
    rounds: SmallCount
    extension: SmallCount  # further rounds that were planned from the start, 0 for none; with some each look has half the error
    spares: SmallCount = 0  # planned to replace, at the end and in order, rounds that are lost; 0 in runs of before
    baseline: Text
    stacks: list[Stack]
    loads: list[Load]
    headlines: list[Headline]  # each is judged for every stack that is neither baseline nor decoy
    seeded_users: Count
    app: dict[Text, Text] = {}  # digests of what the app's row says and of the files it names; empty in runs of before
    probes: Count  # contract probes that every stack answered alike before the first block
    calibration: Calibration | None
    suspect: list[
        Text
    ]  # reasons known from the start why numbers of this run are suspect (one CPU, a machine in use, …)
    provenance: Provenance

    @property
    def large_only(self) -> bool:
        """Whether it finds large differences alone; runs of before say so by the name of their profile."""
        return self.profile == "quick" if self.first_look is None else self.first_look

    @property
    def laboratory(self) -> bool:
        """Whether it is of the laboratory: others block under each load, by a row of the table of kinds."""
        return bool(self.loads) and all(load.blocking is not None and load.blocking.row for load in self.loads)

    def pairs(self) -> list[tuple[Load, Stack]]:
        """Return what a round has a block of: each load with each stack that is measured under it."""
        return [
            (load, stack)
            for load in self.loads
            for stack in self.stacks
            if load.covers(stack.name, bool(stack.decoy_of))
        ]
