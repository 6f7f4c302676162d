"""What one run is to do, decided once, before its first request, by the process that the user talks to."""

from __future__ import annotations

import dataclasses
import math
import os
from random import Random
from typing import Any

import _target
from _scenarios import SCENARIOS, WITHOUT_USERS

LATECOMER = 1_000_000
"""Users of a worker that joins a run under way are numbered from here, far from all others."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """One run. `workers` are the ids of the processes that share it, in the order in which Locust deals users out."""

    scenario: str
    seed_key: str
    think_seconds: float
    users: int  # seeded users in the database
    run: str  # different in every run, so that what it writes is new
    recording: bool  # whether samples are kept
    workers: list[str]

    def user_number(self, worker: str, nth: int) -> int:
        """The number, over all processes, of the `nth` user that a worker starts; from 0, each given once."""
        if worker not in self.workers:
            return LATECOMER + nth
        return nth * len(self.workers) + self.workers.index(worker)

    def random(self, number: int, purpose: str) -> Random:
        """A generator for one user alone, the same in every run with this key and scenario."""
        return Random(f"{self.seed_key}/{self.scenario}/{number}/{purpose}")


def make(options: Any, host: str | None, allowed: str, samples: str, workers: list[str]) -> Plan:
    """Turn the options into a plan, asking the target what they leave open. Raises RefusedError."""
    if options.scenario not in SCENARIOS:
        raise _target.RefusedError(f"There is no scenario {options.scenario!r}; there are {', '.join(SCENARIOS)}.")
    if not 0 <= options.think_time < math.inf:
        raise _target.RefusedError(f"--think-time must be 0 or more seconds, not {options.think_time}.")
    if options.users_in_database < 0:
        raise _target.RefusedError(f"--users-in-database must be 0 or more, not {options.users_in_database}.")
    if samples and not os.access(os.path.dirname(os.path.abspath(samples)), os.W_OK):
        raise _target.RefusedError(f"--samples {samples}: its folder does not exist or can't be written to.")
    if os.path.isdir(samples):
        raise _target.RefusedError(f"--samples {samples} is a folder: name a file in it.")
    target = _target.Target(_target.checked(host, allowed))
    users = options.users_in_database
    if users or options.scenario in WITHOUT_USERS:
        target.get("/healthz")
    else:
        users = target.seeded_users()
    return Plan(
        scenario=options.scenario,
        seed_key=options.seed_key,
        think_seconds=options.think_time,
        users=users,
        run=os.urandom(4).hex(),
        recording=bool(samples),
        workers=sorted(workers),
    )
