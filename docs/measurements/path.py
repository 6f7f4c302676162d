"""Measure what one read costs within a process, and where it goes: `python docs/measurements/path.py` prints the Markdown table.

Each turn is a process of its own on the first CPU: an app with its store answers so many requests of 32 connections, as nginx
sends them, without a socket: the ASGI app under uvicorn's protocol, the WSGI app as gunicorn calls it. What counts is the CPU of
all its threads per request. `--against COMMIT` has the apps of that commit take turns with those of the working tree, `--steps`
copies of them in which one change is undone, or one idea tried (steps.py).
`--picture FILE` samples the servers of four stacks under load, without nginx, and draws where the time of a read goes, layer by
layer, as SVG (about 5 minutes with `--rounds 4`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import asking
import layers
import one_read
import steps

from tandem.launch import database, signals
from tandem.paths import PROJECT
from tandem.plan import apps

PROFILING = Path(__file__).parent / "profiling"  # in PYTHONPATH: a process writes down what it is at
PICTURED = ("wsgi-gthread", "asgi", "wsgi-direct", "asgi-direct")
VARIANTS = (("asgi_app", "direct"), ("asgi_app", "engine"), ("wsgi_app", "direct"), ("wsgi_app", "engine"))


def turn(source: Path, app: str, store: str, file: Path, requests: int, *more: str) -> dict[str, Any]:
    """One turn in a process of its own, of the apps that are in `source`. Raises SystemExit where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "DATABASE_URL": f"sqlite:///{file}", "STORE": store, "READ_CONNECTIONS": "16", "SESSION_KEYS_FILE": f"{folder}/keys",
            "PROMETHEUS_MULTIPROC_DIR": folder, "PYTHONPATH": str(source),
        }  # fmt: skip
        one = [sys.executable, one_read.__file__, app, "--requests", str(requests), *more]
        command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), *one]
        done = subprocess.run(command, env={**os.environ, **given}, capture_output=True, text=True, cwd=source)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(found: dict[tuple[str, str, str], list[float]]) -> str:
    """The Markdown table: medians over the rounds, and ratios within them."""
    lines = ["| app | store | CPU per read, µs | before | now ÷ before (95 %) |", "|---|---|---:|---:|---:|"]
    for app, store in VARIANTS:
        now, before = found["now", app, store], found.get(("before", app, store), [])
        cells = [f"{statistics.median(now):.0f}", "–", "–"]
        if before:
            ratios = [one / other for one, other in zip(now, before, strict=True)]
            cells[1:] = [f"{statistics.median(before):.0f}", asking.shown(ratios, 3)]
        lines.append(f"| `{app}` | {store} | {' | '.join(cells)} |")
    return "\n".join(lines)


def steps_table(found: dict[tuple[str, str], list[float]]) -> str:
    """The Markdown table of the steps: what each brings, as a ratio within the rounds."""
    lines = ["| step | app | CPU per read, µs | without ÷ with it (95 %) |", "|---|---|---:|---:|"]
    for step in steps.STEPS:
        for app in step.apps:
            now, copy = found["", app], found[step.name, app]
            without, by = (copy, now) if step.was_made else (now, copy)
            ratios = [one / other for one, other in zip(without, by, strict=True)]
            name = step.name if step.was_made else f"dropped: {step.name}"
            lines.append(f"| {name} | `{app}` | {statistics.median(by):.0f} | {asking.shown(ratios, 3)} |")
    return "\n".join(lines)


def measure_steps(folder: Path, file: Path, rounds: int, requests: int) -> dict[tuple[str, str], list[float]]:
    """What a read costs each app as it is (an empty name) and in each copy, with the direct store, round by round."""
    sources = {step.name: steps.copy(step, folder / str(number)) for number, step in enumerate(steps.STEPS)}
    turns = [("", PROJECT, app, ()) for app in steps.APPS]
    turns += [(step.name, sources[step.name], app, step.more) for step in steps.STEPS for app in step.apps]
    found: dict[tuple[str, str], list[float]] = {(name, app): [] for name, _, app, _ in turns}
    for number in range(rounds):
        for name, source, app, more in random.sample(turns, len(turns)):
            found[name, app].append(turn(source, app, "direct", file, requests, *more)["us"])
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return found


def extract(commit: str, folder: Path) -> Path:
    """Write the apps of a commit into a folder."""
    command = ["git", "archive", commit, "asgi_app", "wsgi_app", "userdb", "stalls"]
    archive = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return folder


def profiles(folder: Path, rounds: int, seconds: float) -> dict[str, tuple[float, dict[str, float]]]:
    """Microseconds of CPU that a read costs each server by itself (median), and the shares of its layers."""
    bench = asking.Bench(folder=folder, rounds=rounds, seconds=seconds)
    with bench.stacks(*PICTURED) as served:
        asked = {name: partial(reading, bench, each, seconds / 4) for name, each in served.items()}
        costs = bench.turns("what a read costs", asked)
    stacks = dict.fromkeys(PICTURED, "")
    for number in range(rounds):
        print(f"where it goes: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for name in random.sample(PICTURED, len(PICTURED)):
            stacks[name] += sampled(bench, name)
    return {
        name: (1000 * statistics.median(turned.cpu_ms for turned in costs[name]), layers.shares(stacks[name]))
        for name in PICTURED
    }


def sampled(bench: asking.Bench, name: str) -> str:
    """The stacks that a server of its own wrote while it was asked: until CPython ended, where that could not bear it."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as place:
        more = {"PYTHONPATH": str(PROFILING), "PROFILE": f"{place}/stacks"}
        with bench.stacks(name, more=more) as served, suppress(SystemExit):  # one sample in some thousand ends it
            os.sched_setaffinity(0, bench.cpus[-1:])
            reading(bench, served[name], 3.0)
        os.sched_setaffinity(0, bench.cpus)
        return "".join(file.read_text() for file in Path(place).iterdir())


def reading(bench: asking.Bench, served: asking.Served, before: float) -> asking.Found:
    """Ask a server for users."""
    asks, many = asking.reading(bench.users), one_read.CONNECTIONS
    return asking.turn(served.alone, asks, connections=many, seconds=bench.seconds, before=before)


def main() -> None:
    """Measure by turns; print the table, or draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--requests", type=int, default=20_000, help="of one turn")
    parser.add_argument("--against", metavar="COMMIT")
    parser.add_argument("--steps", action="store_true", help="measure what each change brings")
    parser.add_argument("--picture", type=Path, metavar="FILE")
    options = parser.parse_args()
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-path-") as name:
        folder = Path(name)
        file = folder / "users.db"
        database.fill(apps.load()["userdb"], f"sqlite:///{file}", one_read.USERS, folder / "log")
        if options.picture:
            found = profiles(folder, options.rounds, 5.0)
            options.picture.write_text(layers.picture(found))
            print(layers.table(found))
            return
        if options.steps:
            print(steps_table(measure_steps(folder, file, options.rounds, options.requests)))
            return
        sources = {"now": PROJECT}
        if options.against:
            sources["before"] = extract(options.against, folder / "before")
        turns = [(when, *kind) for when in sources for kind in VARIANTS]
        measured: dict[tuple[str, str, str], list[float]] = {each: [] for each in turns}
        for _ in range(options.rounds):
            for when, app, store in random.sample(turns, len(turns)):
                measured[when, app, store].append(turn(sources[when], app, store, file, options.requests)["us"])
        print(table(measured))


if __name__ == "__main__":
    main()
