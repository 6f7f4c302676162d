"""What one run is to do, decided once, before its first request, by the process that the user talks to."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import _schedule
import _target
from _asker import Asker
from _scenarios import SCENARIOS, WITHOUT_USERS, WRITING

LATECOMER = 1_000_000_000
"""Arrivals of a worker that joins a run under way are numbered from a multiple of this, far from all others."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """One run. `workers` are the ids of the processes that share it."""

    scenario: str
    arrivals: str  # one of _schedule.KINDS
    in_flight: int
    request_timeout: float  # seconds; also how long a run drains
    think_seconds: float  # closed loop only
    seed_key: str
    users: int  # seeded users in the database
    run: str  # different in every run, so that what it writes is new
    recording: bool  # whether samples are kept
    workers: list[str]
    name: str  # as whom each process logs in, where the scenario writes
    password: str = dataclasses.field(repr=False)

    @property
    def is_closed(self) -> bool:
        """Whether users wait for their answers."""
        return self.arrivals == _schedule.CLOSED

    @property
    def is_writing(self) -> bool:
        """Whether each process that sends must log in."""
        return self.scenario in WRITING

    def part(self, worker: str, index: int) -> Part:
        """What one process has to do with it; `index` is the number that Locust's master gave the worker."""
        if worker in self.workers:
            return Part(self, self.workers.index(worker), len(self.workers))
        return Part(self, LATECOMER * (index + 1), 1)


@dataclasses.dataclass(frozen=True)
class Part:
    """The part of one process in a run: arrivals `first`, `first + step`, `first + 2 step`, …"""

    plan: Plan
    first: int
    step: int

    def numbers(self) -> Iterator[int]:
        """The arrivals, each number given once over all processes."""
        return count(self.first, self.step)

    def asker(self) -> Asker:
        """What knows what each of them asks for."""
        plan = self.plan
        return Asker(plan.scenario, plan.seed_key, plan.users, f"load-{plan.run}-{self.first}")

    def schedule(self, now: float) -> _schedule.Schedule:
        """When they are due."""
        plan = self.plan
        return _schedule.Schedule(_schedule.gaps(plan.arrivals, plan.seed_key, self.first, self.step), now)


class Fixed(NamedTuple):
    """Options of whoever started Locust, which the web page can't change."""

    allow_remote: str
    samples: str
    login_name: str
    login_password: str


def make(options: Any, host: str | None, fixed: Fixed, workers: list[str]) -> Plan:
    """Turn the options into a plan, asking the target what they leave open. Raises RefusedError."""
    _check(options)
    _check_file(fixed.samples)
    with contextlib.closing(_target.Target(_target.checked(host, fixed.allow_remote))) as target:
        users = options.users_in_database
        if users or options.scenario in WITHOUT_USERS:
            target.reach()  # no more: a load that waits until the target is well would hide that it was not
        else:
            users = target.seeded_users()
    return Plan(
        scenario=options.scenario,
        arrivals=options.arrivals,
        in_flight=options.in_flight,
        request_timeout=options.request_timeout,
        think_seconds=options.think_time,
        seed_key=options.seed_key,
        users=users,
        run=os.urandom(4).hex(),
        recording=bool(fixed.samples),
        workers=sorted(workers),
        name=fixed.login_name,
        password=fixed.login_password,
    )


def _check(options: Any) -> None:
    """The web page and the environment can give values that the command line refuses."""
    refuse = _target.RefusedError
    if options.scenario not in SCENARIOS:
        raise refuse(f"There is no scenario {options.scenario!r}; there are {', '.join(SCENARIOS)}.")
    if options.arrivals not in _schedule.KINDS:
        raise refuse(f"--arrivals must be one of {', '.join(_schedule.KINDS)}, not {options.arrivals!r}.")
    if options.in_flight < 1:
        raise refuse(f"--in-flight must be 1 or more, not {options.in_flight}.")
    if not 0 < options.request_timeout < math.inf:
        raise refuse(f"--request-timeout must be more than 0 seconds, not {options.request_timeout}.")
    if not 0 <= options.think_time < math.inf:
        raise refuse(f"--think-time must be 0 or more seconds, not {options.think_time}.")
    if options.users_in_database < 0:
        raise refuse(f"--users-in-database must be 0 or more, not {options.users_in_database}.")


def _check_file(samples: str) -> None:
    if samples and not os.access(os.path.dirname(os.path.abspath(samples)), os.W_OK):
        raise _target.RefusedError(f"--samples {samples}: its folder does not exist or can't be written to.")
    if os.path.isdir(samples):
        raise _target.RefusedError(f"--samples {samples} is a folder: name a file in it.")
