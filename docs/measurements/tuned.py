"""Measure what the tuned pair must reach: `python docs/measurements/tuned.py` prints a line for each of it.

Each line is a ratio within rounds (or a value, in its unit) with the Hodges–Lehmann estimate and its exact 95 % interval, and is
reached where all of the interval is on the right side. About 25 minutes with the defaults; `--only read,feed` measures some.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import frameworks
import groups
from asking import Bench, Target, reading, turn
from reached import Fact, Row
from waits import Rows, Shown, accepting, crowded, in_front, ratios, thousand, waiting

from tandem.judge.rounds import Rounds
from tandem.launch import ports, process, readiness, signals
from tandem.launch.process import Child, Children
from tandem.plan import stacks as tandem_stacks
from tandem.records import journal

GUNICORN = ("wsgi-gthread", "wsgi-direct", "wsgi-sync", "wsgi-gevent")
SCENARIOS = ("read", "pages", "waiting", "login", "everyday", "write")
"""All that can be driven to saturation. In `blocking` a handler sleeps in the loop on purpose: no store helps there."""


Line = Callable[[Bench], tuple[Rows, Shown]]


def read(bench: Bench) -> tuple[Rows, Shown]:
    """One user by id through nginx, 32 connections."""
    with bench.stacks("wsgi-gthread", "asgi", "wsgi-direct", "asgi-direct") as served:
        found = bench.turns("read", in_front(served, bench.seconds))
    rows = [
        Row(f"read, CPU: asgi-direct ÷ {other}", ratios(found, "asgi-direct", other, "cpu_ms"), 0.40, at_most=True)
        for other in ("wsgi-gthread", "asgi")
    ]
    return rows, found


def alone(bench: Bench) -> tuple[Rows, Shown]:
    """The same without nginx, beside the peers that come closest and the least that ASGI can do."""
    with ExitStack() as exits:
        served = exits.enter_context(bench.stacks("asgi-direct"))
        targets = {"asgi-direct": served["asgi-direct"].alone, "raw ASGI": exits.enter_context(raw(bench))}
        targets |= exits.enter_context(frameworks.serving(bench, ("Falcon", "BlackSheep")))
        found = bench.turns(
            "alone",
            {
                name: partial(turn, target, reading(bench.users), connections=32, seconds=bench.seconds)
                for name, target in targets.items()
            },
        )
    better = min(("Falcon", "BlackSheep"), key=lambda name: statistics.median(each.cpu_ms for each in found[name]))
    cpu, rate = ratios(found, "asgi-direct", better, "cpu_ms"), ratios(found, "asgi-direct", "raw ASGI", "rate")
    return [
        Row(f"read without nginx, CPU: asgi-direct ÷ {better}", cpu, 1.25, at_most=True),
        Row("read without nginx, throughput: asgi-direct ÷ raw ASGI", rate, 0.35, at_most=False),
    ], found


def feed(bench: Bench) -> tuple[Rows, Shown]:
    """News of ten sources that take 50 ms each, asked for one after another."""
    with bench.stacks("wsgi-gthread", "asgi", "asgi-direct", delay=0.05) as served:
        found = bench.turns("feed", in_front(served, bench.seconds, "/api/users/{}/feed?sources=10", 1))
    return [
        Row(f"feed of 10 × 50 ms, p50, ms: {name}", [each.p50_ms for each in found[name]], 65, at_most=True)
        for name in ("asgi", "asgi-direct")
    ], found


def changes(bench: Bench) -> tuple[Rows, Shown]:
    """Changes a second by 32 writers in one process, without server and HTTP (groups.py)."""
    found = groups.turns(bench.rounds, 32, int(160 * bench.seconds))
    rows: Rows = []
    for level, target in (("FULL", 3), ("NORMAL", 1.5)):
        for app in groups.APPS:
            pairs = zip(found[level, app, "direct"], found[level, app, "engine"], strict=True)
            values = [mine.rate / theirs.rate for mine, theirs in pairs]
            rows.append(Row(f"changes/s, {level}, {app}: groups ÷ engine", values, target, at_most=False))
    return rows, {}


def scenarios(bench: Bench) -> tuple[Rows, Shown]:
    """Each scenario to saturation, by `tandem compare`: asgi-direct against whichever stack of gunicorn is best in it."""
    rounds, starved = compared(bench)
    rows: Rows = []
    for load in rounds.run.loads:
        rates = {
            name: [max(attempt.blocks[load.scenario, name].rate or 0, 0.001) for attempt in rounds.complete]
            for name in (*GUNICORN, "asgi-direct")
        }
        best = max(GUNICORN, key=lambda name: statistics.median(rates[name]))
        values = [mine / theirs for mine, theirs in zip(rates["asgi-direct"], rates[best], strict=True)]
        rows.append(Row(f"{load.scenario}, throughput: asgi-direct ÷ {best}", values, 0.95, at_most=False))
        rows += [
            Fact(f"{load.scenario}: requests of {name} starve", (load.scenario, name) in starved)
            for name in ("asgi-direct", "asgi")
        ]
    return rows, {}


def compared(bench: Bench) -> tuple[Rounds, set[tuple[str, str]]]:
    """The rounds of a run, and which of its stacks let requests starve under which scenario."""
    # fmt: off
    command = [
        sys.executable, "-m", "tandem", "compare", "--stacks", ",".join((*GUNICORN, "asgi", "asgi-direct")),
        "--scenarios", ",".join(SCENARIOS),
        "--load", "saturation", "--rounds", str(bench.rounds), "--seconds", f"{max(bench.seconds, 1):.0f}", "--warmup", "1",
        "--allow-dirty", "--out", str(bench.folder / "results"),
    ]
    # fmt: on
    ended = subprocess.run(command, stdout=sys.stderr, check=False)
    run = bench.folder / "results" / "latest"
    if not (run / "summary.json").exists():
        raise SystemExit(f"tandem compare ended with status {ended.returncode} and left no summary")
    starved = json.loads((run / "summary.json").read_text())["starved"]
    return Rounds(journal.read(run / journal.RECORDS)), {(each["scenario"], each["stack"]) for each in starved}


@contextmanager
def raw(bench: Bench) -> Iterator[Target]:
    """The raw ASGI callable, served as the stack asgi is."""
    port, here = ports.free_port(), Path(__file__).parent
    replaced = {"asgi_app.app:create_app": "raw_asgi:app", "asgi_app.server:Protocol": "httptools", "on": "off"}
    filled = tandem_stacks.load()["asgi"].filled_command(1, port)
    command = [replaced.get(each, each) for each in filled if each != "--factory"]
    with Children() as children:
        child = Child(
            "raw ASGI",
            command,
            log=bench.folder / "raw.log",
            cpus=bench.cpus[:1],
            env=process.environment({}),
            cwd=here,
        )
        children.add(child)
        readiness.wait(children, "raw ASGI", port, "/")
        yield Target(port, [child.pid])


LINES: dict[str, Line] = {
    each.__name__: each for each in (read, alone, waiting, crowded, accepting, thousand, feed, changes, scenarios)
}


def details(line: str, found: Shown) -> Iterator[str]:
    """What stands behind the ratios of a line: medians over the rounds."""
    for name, values in found.items():
        columns = zip(*(each[:7] for each in values), strict=True)
        rate, cpu, p50, p99, p999, memory, bad = (statistics.median(column) for column in columns)
        times = f"{p50:.1f} | {p99:.1f} | {p999:.1f}"
        yield f"| {line} | `{name}` | {rate:.0f} | {cpu:.3f} | {times} | {memory:.0f} | {100 * bad:.1f} % |"


def main() -> None:
    """Measure line by line, print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn")
    parser.add_argument("--only", default=",".join(LINES), metavar="LINE,LINE", help="of " + ", ".join(LINES))
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(LINES):
        parser.error(f"no such line: {', '.join(sorted(unknown))}")
    rows: Rows = []
    behind: list[str] = []
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-tuned-") as folder:
        bench = Bench(folder=Path(folder), rounds=options.rounds, seconds=options.seconds)
        for name in wanted:
            found, shown = LINES[name](bench)
            rows += found
            behind += list(details(name, shown))
    print("| what | must be | is (95 %) | reached |\n|---|---:|---:|---|")
    print("\n".join(each.text() for each in rows))
    print("\n| line | who | answers/s | CPU, ms | p50, ms | p99, ms | p99.9, ms | memory, MB | not 200 |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    print("\n".join(behind))


if __name__ == "__main__":
    main()
