"""Measure the load generator against that of a commit: `python docs/measurements/generator.py [COMMIT]` prints the table.

Both send scenario `floor`, a static file that nginx answers alone: in a closed loop of 64 users as fast as they can, in an open
one at a fixed rate. They take turns in random order, the generator on one CPU, nginx on another. Every answer is checked.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from openloop import format
from tandem.drive.generator import BEGAN
from tandem.launch import nginx, ports, process
from tandem.launch.process import Child, Children
from tandem.observe import usage
from tandem.paths import PROJECT
from tandem.plan import apps

BEFORE = "4510d4a"
"""The last commit whose generator had a greenlet, and Locust's session, for each request."""

USERS = 64
WARMUP_SECONDS = 3
"""So long Locust starts its users and the connections open."""

COLUMNS_READ = ("due", "start_delay_ms", "outcome")
BY_KIND = {"closed": ["--arrivals", "closed", "--think-time", "0"], "open": ["--in-flight", "1000"]}


class Found(NamedTuple):
    """What one turn showed, within its window."""

    rate: float  # requests per second
    cpu_us: float  # CPU of the generator per request, microseconds
    ceiling: float  # requests per second if it had a whole CPU: 1 ÷ CPU per request
    p50_ms: float  # of the start delay
    p99_ms: float


def extract(commit: str, folder: Path) -> Path:
    """Write the generator and the load test of a commit into a folder."""
    archive = subprocess.run(
        ["git", "archive", commit, "openloop", "loadtest"], cwd=PROJECT, capture_output=True, check=True
    ).stdout
    folder.mkdir()
    # Not with tarfile: its filter is not in every Python 3.11.
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return folder


def turn(source: Path, kind: str, users: int, seconds: float, url: str, work: Path, cpus: Sequence[int]) -> Found:
    """Run one generator, that of `source`. Raises SystemExit where it fails, or any answer is wrong."""
    log, samples = work / "log", work / "samples.csv.gz"
    log.unlink(missing_ok=True)
    # fmt: off
    command = [
        sys.executable, "-m", "locust", "-f", "loadtest", "--headless", "--only-summary", "-H", url, "-u", str(users),
        "-r", str(users), "-t", f"{WARMUP_SECONDS + seconds + 1:.0f}s", "--scenario", "floor", "--samples", str(samples),
        *BY_KIND[kind],
    ]
    # fmt: on
    with Children() as children:
        child = children.add(Child("Locust", command, log=log, cpus=cpus, env=process.environment({}), cwd=source))
        while not (lines := [line for line in log.read_text().split("\n")[:-1] if line.startswith(BEGAN)]):
            child.check()
            time.sleep(0.01)
        start = float(lines[0].removeprefix(BEGAN)) + WARMUP_SECONDS
        time.sleep(max(start - time.time(), 0.0))
        start, before = time.time(), usage.cpu_nanoseconds(child.pid)
        time.sleep(seconds)
        end, after = time.time(), usage.cpu_nanoseconds(child.pid)
        if not child.wait(30):
            raise SystemExit(f"Locust does not end:\n{child.tail()}")
        rows = list(zip(*format.read(samples, COLUMNS_READ).values(), strict=True))
        outcomes = Counter(outcome for _, _, outcome in rows)
        if set(outcomes) != {"ok"}:
            raise SystemExit(f"not all went well ({dict(outcomes)}):\n{child.tail()}")
    delays = sorted(delay for due, delay, _ in rows if start <= due < end)
    cpu = (after - before) / 1e9 / len(delays)
    return Found(
        len(delays) / (end - start), 1e6 * cpu, 1 / cpu, delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    )


def table(found: dict[tuple[str, str], list[Found]]) -> str:
    """The Markdown table: medians over the rounds, and ratios within each round with the least and the greatest."""
    lines = [
        "| loop | generator | requests/s | CPU per request, µs | 1 ÷ CPU per request, 1/s | start delay p50, ms | p99, ms |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for (kind, name), values in found.items():
        rate, cpu, ceiling, p50, p99 = (statistics.median(column) for column in zip(*values, strict=True))
        delays = "– | –" if kind == "closed" else f"{p50:.2f} | {p99:.2f}"
        lines.append(f"| {kind} | {name} | {rate:.0f} | {cpu:.0f} | {ceiling:.0f} | {delays} |")
    for kind in BY_KIND:
        pairs = list(zip(found[kind, "before"], found[kind, "now"], strict=True))
        rates = _span([now.rate / before.rate for before, now in pairs]) if kind == "closed" else ""
        cpus = _span([before.cpu_us / now.cpu_us for before, now in pairs])
        p99 = "" if kind == "closed" else _span([before.p99_ms / now.p99_ms for before, now in pairs])
        lines.append(f"| {kind} | times better | {rates} | {cpus} | | | {p99} |")
    return "\n".join(lines)


def _span(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def main() -> None:
    """Start nginx, have both take turns, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("commit", nargs="?", default=BEFORE, help=f"what to compare with (default: {BEFORE})")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a window")
    parser.add_argument("--rate", type=int, default=500, help="arrivals per second of the open loop")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    users = {"closed": USERS, "open": options.rate}
    with tempfile.TemporaryDirectory() as name, Children() as children:
        folder = Path(name)
        sources = {"before": extract(options.commit, folder / "before"), "now": PROJECT}
        port = ports.free_port()
        nginx.configure(
            folder / "nginx", apps.load()["userdb"], public_port=port, server_ports=[ports.free_port()], keepalive=0
        )
        children.add(nginx.start(nginx.find(), folder / "nginx", name="nginx", log=folder / "nginx.log", cpus=cpus[:1]))
        found: dict[tuple[str, str], list[Found]] = {(kind, name): [] for kind in BY_KIND for name in sources}
        for number in range(options.rounds):
            for kind, name in random.sample(list(found), len(found)):
                one = turn(
                    sources[name], kind, users[kind], options.seconds, f"http://127.0.0.1:{port}", folder, cpus[-1:]
                )
                found[kind, name].append(one)
                print(f"{number + 1}/{options.rounds} {kind} {name}: {one}", file=sys.stderr, flush=True)
    print(table(found))


if __name__ == "__main__":
    main()
