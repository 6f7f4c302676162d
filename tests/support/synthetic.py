"""Synthetic records: runs whose answer is known because it was put in."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openloop.format import Samples
from tandem.records import journal
from tandem.records.block import Block, Diagnostics, Interference, Observed
from tandem.records.journal import End, Record, Resumed
from tandem.records.setup import Budget, Calibration, Headline, Load, Provenance, Run, Stack
from tests.support import arrivals, raw_file

WSGI, ASGI, DECOY = "wsgi-gthread", "asgi", "decoy"
SCENARIOS = ("read", "everyday", "waiting")
HEADLINES = [(s, m) for s in ("read", "everyday") for m in ("cpu", "p50", "p99")] + [("waiting", "p50")]
SITUATIONS = {
    "read": "Mostly reading from the database",
    "waiting": "Many slow outbound calls",
    "everyday": "An everyday mix",
}
CPU_MS, P50_MS, P99_MS, MEMORY = 0.9, 4.0, 20.0, 80 * 2**20
RATE, SECONDS, THROUGHPUT = 300.0, 12.0, 600.0
START = 1_790_000_000.0

Change = Callable[[dict[str, Any]], None]
Factors = dict[tuple[str, str, str], float]  # by stack, scenario and metric


def stack(name: str, slots: int | None = 16, decoy_of: str | None = None) -> Stack:
    """Return a stack; a decoy is titled after what it repeats."""
    budget = Budget(
        cpus=1, processes=1, threads=16 if slots else 1, slots=slots, database_connections=17, news_connections=100
    )
    title = f"{decoy_of} once more" if decoy_of else f"The {name} stack"
    return Stack(name=name, title=title, app="asgi_app" if name == ASGI else "wsgi_app", budget=budget, decoy_of=decoy_of,
                 commands=[["python", "-m", "server", name]], environment={"NEWS_CONNECTIONS": "100"})  # fmt: skip


def provenance(**changes: Any) -> Provenance:
    """Return where the numbers allegedly come from."""
    facts: dict[str, Any] = {
        "commit": "0123456789abcdef0123456789abcdef01234567", "dirty": False, "date": "2026-11-20T12:00:00Z",
        "command": ["tandem", "compare", "--profile", "standard"], "python": "3.11.9", "platform": "Linux-6.1-x86_64",
        "kernel": "6.1.0", "cpu_model": "Synthetic CPU", "cpus": [0, 1], "stack_cpus": [0], "generator_cpus": [1],
        "memory_bytes": 8 * 2**30, "virtualised": "KVM", "nginx": "1.31.3", "sqlite": "3.53.4",
        "sqlite_durability": "WAL, synchronous=NORMAL", "packages": {"flask": "3.1.3", "starlette": "1.10.0"},
    }  # fmt: skip
    return Provenance(**{**facts, **changes})


def load(scenario: str, **changes: Any) -> Load:
    """Return how a scenario is driven."""
    facts: dict[str, Any] = {
        "scenario": scenario, "arrivals": "poisson", "rate": RATE, "in_flight": 1000, "timeout_seconds": 10.0,
        "warmup_seconds": 2.0, "seconds": SECONDS, "news_seconds": 0.1 if scenario == "waiting" else None,
        "why_rate": "the profile's cap", "situation": SITUATIONS.get(scenario, ""),
    }  # fmt: skip
    return Load(**{**facts, **changes})


def saturating(scenario: str, **changes: Any) -> Load:
    """Return how a scenario is driven to saturation."""
    facts = {"drives": scenario, "arrivals": "closed", "rate": 0.0, "in_flight": 64, "seconds": 4.0, "why_rate": ""}
    return load(f"{scenario} at saturation", **{**facts, **changes})


def calibration(**changes: Any) -> Calibration:
    """Return what the generator can allegedly do."""
    facts: dict[str, Any] = {
        "ceiling_rate": 6000.0, "ceiling_cpu_share": 0.98, "floor_rate": 300.0, "floor_p50_ms": 0.4, "floor_p99_ms": 0.9,
        "dispatch_lag_p50_ms": 0.05, "dispatch_lag_p99_ms": 0.3, "generator_cpu_ms": 0.16,
    }  # fmt: skip
    return Calibration(**{**facts, **changes})


def run(rounds: int = 9, **changes: Any) -> Run:
    """Return a run of the standard profile."""
    facts: dict[str, Any] = {
        "format": journal.FORMAT, "profile": "standard", "seed": 1, "rounds": rounds, "extension": 0, "baseline": WSGI,
        "stacks": [stack(WSGI), stack(ASGI, slots=None), stack(DECOY, decoy_of=WSGI)],
        "loads": [load(name) for name in SCENARIOS], "headlines": [Headline(scenario=s, metric=m) for s, m in HEADLINES],
        "seeded_users": 10_000, "probes": 60, "calibration": calibration(), "suspect": [], "provenance": provenance(),
    }  # fmt: skip
    return Run(**{**facts, **changes})


def resumed(rounds: int, **changes: Any) -> Resumed:
    """Return a record of a run that was resumed and has so many rounds in all from here on."""
    facts = {"date": "2026-11-20T13:00:00Z", "rounds": rounds, "suspect": [], "provenance": provenance()}
    return Resumed(**{**facts, **changes})


def interference(**changes: Any) -> Interference:
    """Return a quiet machine; `generator_waiting_share=0.3` makes a block INVALID."""
    facts: dict[str, Any] = {
        "generator_waiting_share": 0.002, "generator_cpu_share": 0.06, "others_cpu_share": 0.005, "steal_share": 0.0,
        "throttled_share": 0.0, "pressure_share": 0.01,
    }  # fmt: skip
    return Interference(**{**facts, **changes})


def burner(block: dict[str, Any]) -> None:
    """Put a CPU burner beside the generator: the block becomes INVALID."""
    block.update(interference=interference(generator_waiting_share=0.3, others_cpu_share=0.3), dispatch_lag_p99_ms=9.0)


def uneasy(block: dict[str, Any]) -> None:
    """Disturb a block a little: it becomes SUSPECT."""
    block.update(interference=interference(generator_waiting_share=0.03))


def synthesise(
    rounds: int = 9,
    factors: Factors | None = None,
    change: Change = lambda block: None,
    scatter: float = 0.02,
    measured: int | None = None,
    seed: int = 7,
    spoiled: Sequence[int] = (),
    extended_to: int | None = None,
    **changes: Any,
) -> list[Record]:
    """Return the records of a run in which `factors[stack, scenario, metric]` is the true ratio to the baseline.

    `scatter` is the standard deviation of each log value, `change` edits each block's fields, `measured` rounds are complete;
    the rounds in `spoiled` have a first attempt that a burner spoiled and a second one; `extended_to` takes the run up again.
    """
    random_ = random.Random(seed)
    head = run(rounds, **changes)
    done = rounds if measured is None else measured
    found: list[Record] = [head]

    def add(numbers: range) -> None:
        for number in numbers:
            for attempt in (1, 2) if number in spoiled else (1,):
                last = attempt == 2 or number not in spoiled
                found.extend(round_of(head, random_, number, factors, change, scatter, attempt, not last))

    add(range(1, done + 1))
    if done == rounds:
        found.append(End(date="2026-11-20T12:20:00Z", complete=True, reason="all rounds measured"))
    if extended_to is not None:
        found.append(resumed(extended_to))
        add(range(done + 1, extended_to + 1))
        found.append(End(date="2026-11-20T13:20:00Z", complete=True, reason="all rounds measured"))
    return found


def round_of(
    head: Run, random_: random.Random, number: int, factors: Factors | None = None, change: Change = lambda block: None,
    scatter: float = 0.02, attempt: int = 1, spoil: bool = False,
) -> list[Block]:  # fmt: skip
    """Return the blocks of one attempt of a round; `spoil` lets a burner run beside its first block."""
    found: list[Block] = []
    for each in head.loads:
        names = [stack.name for load, stack in head.pairs() if load is each]
        order = random_.sample(names, len(names))
        for position, name in enumerate(order, 1):

            def edit(block: dict[str, Any]) -> None:
                block["attempt"] = attempt
                if attempt > 1:
                    block["samples"] = block["samples"].replace(".csv", f"-attempt-{attempt}.csv")
                change(block)
                if spoil and not found:
                    burner(block)

            found.append(_block(random_, scatter, factors or {}, edit, number, each, name, position))
    return found


def _block(
    random_: random.Random, scatter: float, factors: Factors, change: Change, number: int, driven: Load, name: str,
    position: int,
) -> Block:  # fmt: skip
    scenario = driven.scenario

    def draw(centre: float, metric: str) -> float:
        return centre * factors.get((name, scenario, metric), 1.0) * random_.lognormvariate(0, scatter)

    rate = draw(THROUGHPUT, "throughput") if driven.saturates else driven.rate
    arrivals = int(rate * driven.seconds)
    cpu = draw(CPU_MS, "cpu") * arrivals / 1000
    base = 100.0 if scenario == "waiting" else P50_MS
    if driven.saturates:  # all clients wait in the stack
        base = 1000 * driven.in_flight / rate / 1.25
    p50, p99 = draw(base, "p50"), draw(P99_MS * base / P50_MS, "p99")
    fields: dict[str, Any] = {
        "round": number, "scenario": scenario, "stack": name, "position": position, "started": "2026-11-20T12:00:00Z",
        "seconds": driven.seconds, "samples": f"samples/{number}-{scenario}-{name}.csv.gz",
        "arrivals": arrivals, "requests": arrivals, "failures": 0, "unfinished": 0, "dropped": 0, "backlog": 0,
        "rate": rate, "saturating": driven.in_flight if driven.saturates else None,
        "p50_ms": p50, "p99_ms": p99, "dispatch_lag_p50_ms": 0.05,
        "dispatch_lag_p99_ms": 0.3, "mismatched_requests": 0, "lost_or_duplicated": 0,
        "app_cpu_seconds": cpu * 0.8, "nginx_cpu_seconds": cpu * 0.2, "app_memory_bytes": int(draw(MEMORY, "memory")),
        "cpu_gap_share": 0.0, "strays": 0, "probes_answered": 9, "probes_different": 0,
        "nginx_memory_bytes": 8 * 2**20, "start_seconds": 0.8, "interference": interference(),
        "observed": Observed(processes=2, threads=18, database_connections=9, news_connections=3, in_flight=12),
        "diagnostics": Diagnostics(
            first_half_p50_ms=p50, second_half_p50_ms=p50, first_half_p99_ms=p99, second_half_p99_ms=p99,
            in_flight_seen=1.3 * rate * p50 / 1000, in_flight_little=1.3 * rate * p50 / 1000,
            service_mean_ms=1.3 * p50,
            nginx_mean_ms=1.25 * p50, static_p50_ms=0.3),
    }  # fmt: skip
    change(fields)
    # What a change made of the counts adds up again, unless it says otherwise itself.
    if fields["arrivals"] == arrivals:
        fields["arrivals"] = fields["requests"] + fields["unfinished"] + fields["dropped"]
    return Block(**fields)


ROUTE, OTHER = "GET /api/users/{id}", "POST /api/users"


def write(folder: Path, found: list[Record], raw: bool = True, sparse: int = 10) -> Path:
    """Write records and, for every block, raw samples around its p50 and p99; `sparse` leaves out all but each n-th."""
    for record in found:
        journal.append(folder / "records.jsonl", record)
        if raw and isinstance(record, Block):
            raw_file.write(folder / record.samples, raw_samples(record, sparse))
    return folder


def raw_samples(block: Block, sparse: int = 1) -> Samples:
    """Return samples that a block with these percentiles could have left: log-normal times, the first ones failed."""
    random_ = random.Random(f"{block.round}{block.scenario}{block.stack}")
    p50, p99 = block.p50_ms or 1.0, block.p99_ms or 2.0
    numbers = range(0, block.arrivals, sparse)
    times = [p50 * (p99 / p50) ** (random_.gauss(0, 1) / 2.326) for _ in numbers]
    lost = block.failures
    return arrivals.samples(
        numbers, (START + number * block.seconds / block.arrivals for number in numbers), times, delay=0.05,
        # Every fourth arrival of `everyday` asks for something else.
        route=[OTHER if block.scenario == "everyday" and place % 4 == 3 else ROUTE for place in range(len(times))],
        status=[500 if number < lost else 200 for number in numbers],
        outcome=["failed" if number < lost else "ok" for number in numbers],
        reason=["status 500" if number < lost else "" for number in numbers],
    )  # fmt: skip
