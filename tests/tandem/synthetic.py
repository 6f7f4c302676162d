"""Synthetic records: runs whose answer is known because it was put in."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tandem import records
from tandem.records import Block, Budget, End, Headline, Load, Provenance, Record, Run, Stack

WSGI, ASGI, DECOY = "wsgi-gthread", "asgi", "decoy"
SCENARIOS = ("read", "everyday", "waiting")
HEADLINES = [(s, m) for s in ("read", "everyday") for m in ("cpu", "p50", "p99")] + [("waiting", "p50")]
CPU_MS, P50_MS, P99_MS, MEMORY = 0.9, 4.0, 20.0, 80 * 2**20

Change = Callable[[dict[str, Any]], None]


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


def run(rounds: int = 9, **changes: Any) -> Run:
    """Return a run of the standard profile."""
    loads = [Load(scenario=name, users=60, think_seconds=0.2, warmup_seconds=2, seconds=12,
                  news_seconds=0.1 if name == "waiting" else None) for name in SCENARIOS]  # fmt: skip
    facts: dict[str, Any] = {
        "format": records.FORMAT, "profile": "standard", "seed": 1, "rounds": rounds, "baseline": WSGI,
        "stacks": [stack(WSGI), stack(ASGI, slots=None), stack(DECOY, decoy_of=WSGI)], "loads": loads,
        "headlines": [Headline(scenario=s, metric=m) for s, m in HEADLINES], "seeded_users": 10_000, "probes": 60, "suspect": [],
        "provenance": provenance(),
    }  # fmt: skip
    return Run(**{**facts, **changes})


def synthesise(
    rounds: int = 9,
    factors: dict[tuple[str, str, str], float] | None = None,
    change: Change = lambda block: None,
    scatter: float = 0.02,
    measured: int | None = None,
    seed: int = 7,
    **changes: Any,
) -> list[Record]:
    """Return the records of a run in which `factors[stack, scenario, metric]` is the true ratio to the baseline.

    `scatter` is the standard deviation of each log value, `change` edits each block's fields, `measured` rounds are complete.
    """
    random_ = random.Random(seed)
    head = run(rounds, **changes)
    found: list[Record] = [head]
    for number in range(1, (rounds if measured is None else measured) + 1):
        for load in head.loads:
            order = random_.sample([one.name for one in head.stacks], len(head.stacks))
            for position, name in enumerate(order, 1):
                found.append(_block(random_, scatter, factors or {}, change, number, load.scenario, name, position))
    if measured is None or measured == rounds:
        found.append(End(date="2026-11-20T12:20:00Z", complete=True, reason="all rounds measured"))
    return found


def _block(
    random_: random.Random, scatter: float, factors: dict[tuple[str, str, str], float], change: Change,
    number: int, scenario: str, name: str, position: int,
) -> Block:  # fmt: skip
    def draw(centre: float, metric: str) -> float:
        return centre * factors.get((name, scenario, metric), 1.0) * random_.lognormvariate(0, scatter)

    requests, cpu = 3600, draw(CPU_MS, "cpu") * 3.6
    base = 100.0 if scenario == "waiting" else P50_MS
    fields: dict[str, Any] = {
        "round": number, "scenario": scenario, "stack": name, "position": position, "started": "2026-11-20T12:00:00Z",
        "seconds": 12.0,
        "samples": f"samples/{number}-{scenario}-{name}.csv.gz", "requests": requests, "failures": 0,
        "unfinished": 0, "rate": 300.0,
        "p50_ms": draw(base, "p50"), "p90_ms": 10.0, "p99_ms": draw(P99_MS * base / P50_MS, "p99"), "max_ms": 900.0,
        "app_cpu_seconds": cpu * 0.8, "nginx_cpu_seconds": cpu * 0.2, "app_memory_bytes": int(draw(MEMORY, "memory")),
        "nginx_memory_bytes": 8 * 2**20, "generator_cpu_seconds": 3.0, "start_seconds": 0.8,
    }  # fmt: skip
    change(fields)
    return Block(**fields)


def write(folder: Path, found: list[Record], samples: bool = True, sparse: int = 10) -> Path:
    """Write records and, for every block, raw samples around its p50 and p99; `sparse` leaves out all but each n-th."""
    for record in found:
        records.append(folder / "records.jsonl", record)
        if samples and isinstance(record, Block):
            _write_samples(folder / record.samples, record, sparse)
    return folder


def _write_samples(path: Path, block: Block, sparse: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random_ = random.Random(f"{block.round}{block.scenario}{block.stack}")
    p50, p99 = block.p50_ms or 1.0, block.p99_ms or 2.0
    lines = ["start,response_ms,route,status,outcome,reason"]
    for index in range(0, block.requests, sparse):
        response = p50 * (p99 / p50) ** (random_.gauss(0, 1) / 2.326)
        lost = index < block.failures
        lines.append(f"{1_790_000_000 + index / 300:.6f},{response:.3f},GET /api/users/{{id}},{500 if lost else 200},"
                     f"{'failed' if lost else 'ok'},{'status 500' if lost else ''}")  # fmt: skip
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.write("\n".join(lines) + "\n")
