"""Who finds the line that holds a loop, and at what cost: `python docs/measurements/stalls.py` prints the Markdown tables.

Each detector watches a loop of its own process, on which the cases of `planted.py` come by turns in random order. Then the
app serves with each of them and with none, by turns in random order, each turn in a process of its own, a fork of this one.
`--keep` writes the results to stalls.json and the tables into stalls.md beside it, from where reports take them, too.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import os
import platform
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).parents[2]))  # before this folder, in which `stalls` is this script
sys.path.append(str(Path(__file__).parents[2] / "build" / "detectors"))

import asking
import one_read
import overhead
import planted
from watching import DETECTORS, STALL_SECONDS, Reports

from tandem.errors import RunFailed
from tandem.launch import database, news, ports
from tandem.observe import host, provenance
from tandem.plan import apps
from tandem.report import detectors, tables
from tandem.report.detectors import Cost, CostRatio, Detected, Kept
from tests.asgi.server import started
from userdb.settings import Settings, from_environment

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
FORK = multiprocessing.get_context("fork")
MARKS = "<!-- measured:begin -->", "<!-- measured:end -->"
A_CASE, A_START = 0.55, 0.7
"""Seconds that a turn of a case takes, about, and what a turn of the served app takes beside its window."""


def apart(function: Callable[..., Any], *given: object) -> Any:
    """What a function returns in a fork of this process, which ends with it. Raises RunFailed where it fails there."""
    receiving, sending = FORK.Pipe(duplex=False)

    def child() -> None:
        sending.send(function(*given))
        os._exit(0)  # whatever threads a detector may have left

    process = FORK.Process(target=child)
    process.start()
    sending.close()
    try:
        return receiving.recv()
    except EOFError:
        raise RunFailed("it failed; why stands above") from None
    finally:
        process.join()


def find(detector: str, loop: str, settings: Settings, rounds: int, kinds: Sequence[str]) -> dict[str, Counter[str]]:
    """What a detector says of all cases, each so many times, on a loop of this process."""
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(_find(detector, settings, rounds, kinds))


async def _find(detector: str, settings: Settings, rounds: int, kinds: Sequence[str]) -> dict[str, Counter[str]]:
    cases = planted.cases()
    logging.getLogger(
        "asgi_app"
    ).disabled = True  # what blockbuster raises is a fault of the app to it, with its whole stack
    turns = list(kinds) * rounds
    random.shuffle(turns)
    counts = {name: Counter[str]() for name in kinds}
    async with started(settings) as client:
        await client.get("/api/users/7")
        for name in turns:
            reports: Reports = []
            async with DETECTORS[detector].watch(reports):
                await asyncio.ensure_future(cases[name].hold(client))
            counts[name].update(planted.concluded(cases[name].planted, reports))
    return counts


def serve(detector: str, loop: str, settings: Settings, seconds: float) -> overhead.Turn:
    """One turn of the served app, on the first CPU."""
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(overhead.turn(detector, settings, seconds))


def all_found(names: Sequence[str], settings: Settings, options: argparse.Namespace) -> list[Detected]:
    """What every detector says on every loop; of one that fails, nothing."""
    lines, found = {name: case.planted for name, case in planted.cases().items()}, []
    for number, (name, loop) in enumerate((name, loop) for name in names for loop in LOOPS):
        say(f"{name} on {loop}: {number + 1} of {len(names) * len(LOOPS)}")
        try:
            counts = apart(find, name, loop, settings, options.rounds, options.kinds)
        except RunFailed as error:
            say(f"{name} on {loop} is left out: {error}")
            continue
        found += [
            Detected(detector=name, loop=loop, kind=kind, planted=lines[kind] is not None,
                  **{field: each[field] for field in ("turns", "caught", "right", "suspected")})
            for kind, each in counts.items()
        ]  # fmt: skip
    return found


def all_costs(names: Sequence[str], settings: Settings, options: argparse.Namespace) -> list[Cost]:
    """What every detector costs on every loop."""
    turns = [(name, loop) for name in (overhead.OFF, *names) for loop in LOOPS]
    seen: dict[tuple[str, str], list[overhead.Turn]] = {turn: [] for turn in turns}
    for number in range(options.cost_rounds):
        say(f"overhead: round {number + 1} of {options.cost_rounds}")
        for name, loop in random.sample(turns, len(turns)):
            seen[name, loop].append(apart(serve, name, loop, settings, options.seconds))
    return [cost(name, loop, each, seen[overhead.OFF, loop]) for (name, loop), each in seen.items()]


def cost(name: str, loop: str, found: Sequence[overhead.Turn], bare: Sequence[overhead.Turn]) -> Cost:
    """Medians over the rounds, and ratios within them."""

    def ratio(field: str) -> CostRatio | None:
        if name == overhead.OFF:
            return None
        pairs = zip(found, bare, strict=True)
        middle, bounds = asking.centre([getattr(one, field) / getattr(other, field) for one, other in pairs])
        low, high = bounds or (None, None)
        return CostRatio(estimate=middle, low=low, high=high)

    cpu, p99 = (statistics.median(column) for column in zip(*found, strict=True))
    return Cost(detector=name, loop=loop, cpu_us=cpu, cpu=ratio("cpu_us"), p99_ms=p99, p99=ratio("p99_ms"))


def measured(names: Sequence[str], missing: Sequence[str], options: argparse.Namespace) -> Kept:
    """Measure all of them on a database and beside a news service of their own."""
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="tandem-stalls-") as folder:
        file, port, cpus = Path(folder) / "users.db", ports.free_port(), sorted(os.sched_getaffinity(0))
        database.fill(apps.load()["userdb"], f"sqlite:///{file}", one_read.USERS, Path(folder) / "log")
        told = {"DATABASE_URL": f"sqlite:///{file}", "SESSION_KEYS_FILE": f"{folder}/keys", "LAB": "1"}
        settings = from_environment({**told, "NEWS_URL": f"http://127.0.0.1:{port}/news"})
        with news.stub(port=port, delay=0.0, logs=Path(folder), cpus=cpus[-1:]):
            found = all_found(names, settings, options)
        costs = all_costs(names, settings, options) if options.cost_rounds else []
    versions = {name: DETECTORS[name].version() or "" for name in names}
    return Kept(
        date=f"{began:%Y-%m-%d}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        machine=f"{host.cpu_model()} ({len(cpus)} CPUs, load {os.getloadavg()[0]:.1f} at the end)",
        versions={name: version for name, version in versions.items() if version} | {"uvloop": metadata.version("uvloop")},
        commit=provenance.git("rev-parse", "HEAD"),
        missing=list(missing),
        threshold_ms=1000 * STALL_SECONDS,
        rate=overhead.RATE,
        rounds=options.cost_rounds,
        found=found,
        costs=costs,
    )  # fmt: skip


def shown(kept: Kept) -> str:
    """The tables as Markdown."""
    both = (detectors.table(kept), detectors.kinds(kept))
    return "\n\n".join([detectors.said(kept), *(f"{each.caption}:\n\n{tables.markdown(each)}" for each in both)])


def keep(kept: Kept) -> None:
    """Write the results and put the tables into their document."""
    document = detectors.MEASURED_FILE.with_suffix(".md")
    detectors.MEASURED_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    begin, end = map(re.escape, MARKS)
    between = f"{MARKS[0]}\n{shown(kept)}\n{MARKS[1]}"
    text = re.sub(f"{begin}.*{end}", lambda _: between, document.read_text(), flags=re.DOTALL)
    document.write_text(text)


def seconds(many: int, options: argparse.Namespace) -> float:
    """How long it takes, about."""
    cases = len(options.kinds) * options.rounds * many * A_CASE
    return len(LOOPS) * (cases + options.cost_rounds * (many + 1) * (options.seconds + A_START))


def say(text: str) -> None:
    """Tell of the progress."""
    print(text, file=sys.stderr, flush=True)


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each case")
    parser.add_argument("--cost-rounds", type=int, default=6, help="turns of the served app; an interval needs six")
    parser.add_argument("--seconds", type=float, default=0.8, help="of a turn of the served app")
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=list(DETECTORS), metavar="NAME")
    parser.add_argument("--kinds", nargs="+", choices=planted.cases(), default=list(planted.cases()), metavar="NAME")
    parser.add_argument("--keep", action="store_true", help="write stalls.json and stalls.md")
    return parser.parse_args()


def main() -> None:
    """Measure what is installed, print, and keep it where that was asked for."""
    chosen = options()
    missing = [name for name in chosen.detectors if DETECTORS[name].version() is None]
    names = [name for name in chosen.detectors if name not in missing]
    if missing:
        packages = " ".join(DETECTORS[name].package for name in missing)
        say(f"not installed, so not measured: {', '.join(missing)}.")
        say(f"`{sys.executable} -m pip install --target build/detectors {packages}` installs what is missing.")
    say(f"This takes about {seconds(len(names), chosen) / 60:.1f} minutes.")
    began = time.monotonic()
    try:
        kept = measured(names, missing, chosen)
    except RunFailed as error:
        raise SystemExit(f"a turn of the served app broke, so nothing is concluded: {error}") from None
    say(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")
    print(shown(kept))
    if chosen.keep:
        keep(kept)


if __name__ == "__main__":
    main()
