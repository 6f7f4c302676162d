"""Block: one stack under one scenario at one load, measured once, and all that was seen meanwhile.

Times are in seconds unless a name says `_ms`; CPU is in CPU seconds; memory in bytes; points in time are ISO 8601 in UTC.
"""

from __future__ import annotations

import msgspec

from tandem.records.blocked import Blocked
from tandem.records.bounds import Amount, Count, InFlight, Positive, SamplesPath, SliceTimes, SmallCount, Text, Whole


class Interference(msgspec.Struct, frozen=True, kw_only=True):
    """What went on outside the stack during a window; shares are of the window's length. None: not available on this host."""

    generator_waiting_share: Amount | None  # time that the generator's threads were ready to run and waited for a CPU
    generator_cpu_share: Amount  # CPU that the generator used, of one CPU
    others_cpu_share: (
        Amount | None
    )  # CPU that neither run, harness nor kernel threads used, on the run's CPUs, of one CPU
    steal_share: Amount | None  # time that the hypervisor took from the run's CPUs
    throttled_share: Amount | None  # time that a CPU quota held the harness and its children back
    pressure_share: Amount | None  # PSI: time in which some task waited for a CPU; printed, not judged


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What the stack used of its budget, seen from outside at the end of a window. None: not available on this host."""

    processes: Count  # of the app, masters included
    threads: Count | None  # of all these processes
    database_connections: Count | None  # most at once: SQLite keeps the descriptor of one that was closed for the next
    news_connections: Count | None
    in_flight: Count  # most requests between client and stack at once, during the window


class Diagnostics(msgspec.Struct, frozen=True, kw_only=True):
    """Cross-checks of a window, printed and never used to exclude; None where there was nothing to compute from."""

    first_half_p50_ms: Amount | None
    second_half_p50_ms: Amount | None
    first_half_p99_ms: Amount | None
    second_half_p99_ms: Amount | None
    in_flight_seen: Amount  # mean number of requests in flight that an arrival met, counted by the dispatcher
    in_flight_little: Amount  # the same by Little's law: arrivals per second × mean time in the system
    service_mean_ms: Amount | None  # mean time from sending to the whole answer, as the generator saw it
    nginx_mean_ms: Amount | None  # mean $request_time of the same requests, as nginx saw it
    static_p50_ms: Amount | None  # a static file of the stack's nginx, asked one by one just before the block


class Block(msgspec.Struct, frozen=True, kw_only=True, tag="block"):
    """One stack under one scenario at one load, measured once."""

    round: SmallCount  # from 1
    attempt: SmallCount = 1  # of this round, from 1
    scenario: Text
    stack: Text
    position: Count  # place in the order of its round and scenario, from 1
    started: Text
    seconds: Positive  # length of the measured window as it really was; of a sliced one, of its slices together
    saturating: Count | None = None  # requests that a closed loop kept in flight; None: an open loop
    samples: SamplesPath  # path of the generator's raw samples, warm-up included, relative to the run's folder
    window_start: Amount | None = None  # seconds since the epoch; None: all samples in the file are of the window
    window_end: Amount | None = None  # excluded
    slices: SliceTimes = []  # beginning and end of each, in the same form; empty: the window is one piece
    drain_seconds: Amount = 0.0  # from the slices' ends to the last answers to what was sent in them
    sleepers_cpu_share: Amount | None = (
        None  # of one CPU, used by the stack that used most of it although its turn was not now; None: none was there
    )
    sleeper: Text = ""  # its name
    arrivals: Count  # due in the window: requests + unfinished + dropped
    requests: Count  # finished, failed ones included
    failures: Count
    unfinished: Count  # still without an answer when the block ended
    dropped: Count  # never sent, because too many requests were in flight
    backlog: Whole  # requests in flight at the window's end less those at its beginning; of slices, less those at their middles
    in_flight: InFlight | None = (
        None  # at the beginning and after each of eight equal parts; of slices, from their middles on; None: not recorded
    )
    rate: Amount  # good answers per second; of slices at saturation, of the time of the last answers, too
    p50_ms: Amount | None  # of `response`, from due to the whole answer; None: not reached (too many failed), as in +∞
    p99_ms: Amount | None
    dispatch_lag_p50_ms: Amount  # of `start_delay`, from due to sent: the generator's own lateness
    dispatch_lag_p99_ms: Amount
    mismatched_requests: Count = msgspec.field(name="asked_otherwise")  # unlike those of the round's first block
    lost_or_duplicated: Count = msgspec.field(name="unaccounted")  # arrivals, by their numbers and by the schedule
    app_cpu_seconds: Amount
    nginx_cpu_seconds: Amount
    database_cpu_seconds: Amount | None = None  # its server's; None: it has none of its own, and its work is the app's
    cpu_gap_share: Amount | None = (
        None  # CPU that the machine saw on the stack's CPUs, more or less than was counted, of one CPU
    )
    strays: Count | None = None  # threads of the stack that were allowed on other CPUs, at either end of the window
    processes_ended: Count | None = (
        None  # of the app, there at the window's beginning and not at its end; None: not recorded, or each request has its own
    )
    processes_begun: Count | None = None  # the other way round: one that began and ended in between is in neither
    workers_replaced: Count | None = None  # of the app, as its server counts them; None: it tells nothing
    workers_harakiri: Count | None = None  # of these, ended by their server, as a request took longer than it allows
    probes_answered: Count | None = None  # of the contract, asked again within the window; refusals for overload aside
    probes_different: Count | None = None  # of these, answered otherwise than before anything was measured
    probe_example: Text = ""  # how the first of them differs
    app_memory_bytes: Count | None  # PSS, read after the window
    nginx_memory_bytes: Count | None
    database_memory_bytes: Count | None = None  # PSS of its server, the cache that its processes share included
    start_seconds: Amount  # from starting the stack to its first good answer
    interference: Interference = msgspec.field(name="surroundings")  # its name on disk since the first format
    observed: Observed
    diagnostics: Diagnostics
    failure_examples: list[Text] = []
    blocked: Blocked | None = None  # where the load has blockers: what they did to everyone else

    @property
    def lost(self) -> int:
        """How many arrivals got no good answer: they failed, were never answered or never sent."""
        return self.failures + self.unfinished + self.dropped

    @property
    def busy_seconds(self) -> float:
        """How long the stack was asked or answered: what its CPU time is a share of."""
        return self.seconds + self.drain_seconds

    @property
    def windows(self) -> list[tuple[float, float]] | None:
        """The parts of time in which what counts was due; None: all samples are of the window."""
        if self.window_start is None or self.window_end is None:
            return None
        return self.slices or [(self.window_start, self.window_end)]
