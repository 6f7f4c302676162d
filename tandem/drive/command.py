"""The command: how Locust is called for a load, and the times of its run."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import NamedTuple

from tandem.records.setup import Load

HOLD = Path(__file__).with_name("gate") / "hold.py"
END_MARGIN = 0.1
"""Seconds by which the window ends before Locust does, so that the load is the same to its end."""


class Drive(NamedTuple):
    """How Locust is driven: its own arguments, and the seconds of warm-up, window and drain; or in turns, that are told."""

    scenario: str
    arguments: list[str]
    warmup_seconds: float
    seconds: float
    drain_seconds: float
    turns: bool = False


def drive(load: Load) -> Drive:
    """Return how Locust drives a load."""
    if load.saturates:
        found = closed_loop(load.clients, load.in_flight, load.warmup_seconds, load.seconds, load.timeout_seconds)
    else:
        found = open_loop(load)
    return found._replace(turns=bool(load.slices))


def open_loop(load: Load) -> Drive:
    """Return how Locust drives a load: one of its users is one arrival per second."""
    users = f"{load.rate:.0f}"
    # fmt: off
    arguments = [
        "-u", users, "-r", users, "--arrivals", load.arrivals, "--in-flight", str(load.in_flight),
        "--request-timeout", f"{load.timeout_seconds:g}",
    ]
    # fmt: on
    return Drive(load.clients, [*arguments, *_blockers(load)], load.warmup_seconds, load.seconds, load.timeout_seconds)


def _blockers(load: Load) -> list[str]:
    """Return how Locust is told who blocks, and when: in seconds of its run, whose window ends a little before it does."""
    blocking = load.blocking
    if blocking is None:
        return []
    start = load.warmup_seconds - END_MARGIN + blocking.before
    # fmt: off
    asked = ["--blocker-request", f"{blocking.route.removeprefix('GET ')}?{blocking.query}"] if blocking.query else []
    client = ["--blocker-client", blocking.client] if blocking.client else []
    third = ["--bystander", blocking.bystander] if blocking.bystander else []
    spread = [] if blocking.arrivals == "uniform" else ["--blocker-arrivals", blocking.arrivals]
    return [
        *asked, *client, *third, *spread,
        "--blockers", f"{0 if blocking.control else blocking.rate:g}", "--blocker-ms", f"{blocking.milliseconds:g}",
        "--blockers-from", f"{start:.6f}", "--blockers-to", f"{start + blocking.on:.6f}",
    ]
    # fmt: on


def closed_loop(scenario: str, users: int, warmup_seconds: float, seconds: float, timeout_seconds: float = 10) -> Drive:
    """Return how Locust finds a ceiling: users that never pause. Latencies of such a run are not comparable."""
    # fmt: off
    arguments = [
        "-u", str(users), "-r", str(users), "--arrivals", "closed", "--think-time", "0",
        "--request-timeout", f"{timeout_seconds:g}",
    ]
    # fmt: on
    return Drive(scenario, arguments, warmup_seconds, seconds, timeout_seconds)


def command(drive: Drive, *, load_test: str, host: str, key: str, users: int, samples: Path) -> list[str]:
    """Return how Locust is called for one block."""
    # fmt: off
    return [
        sys.executable, "-m", "tandem.drive.locust", "-f", f"{load_test},{HOLD}", "--headless", "--only-summary", "-H", host,
        *drive.arguments, *(["--turns"] if drive.turns else ["-t", f"{_whole(drive.warmup_seconds + drive.seconds)}s"]),
        "--stop-timeout", f"{drive.drain_seconds:.0f}", "--scenario", drive.scenario,
        "--seed-key", key, "--users-in-database", str(users), "--samples", str(samples),
    ]
    # fmt: on


def _whole(seconds: float) -> int:
    """Return as many whole seconds, or the next more: Locust knows no parts of them."""
    return math.ceil(round(seconds, 6))
