"""What one run is to do, decided once, before its first request, by the process that the user talks to."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

from openloop.factory import RequestFactory
from openloop.scenario import Facts, MakeRequest, Scenario
from openloop.schedule import ARRIVALS, CLOSED, Schedule, gaps
from openloop.second import Second, SecondSchedule
from openloop.target import RefusedError, Target, checked
from openloop.turns import InTurns, Turns

LATECOMER = 1_000_000_000
"""Arrivals of a worker that joins a run under way are numbered from a multiple of this, far from all others."""


@dataclasses.dataclass(frozen=True)
class LoadPlan:
    """One run. `workers` are the ids of the processes that share it."""

    scenario: str
    arrivals: str  # one of schedule.ARRIVALS
    in_flight: int
    request_timeout: float  # seconds; also how long a run drains
    think_seconds: float  # closed loop only
    seed_key: str
    run: str  # different in every run, so that what it writes is new
    recording: bool  # whether samples are kept
    workers: list[str]
    facts: Facts = dataclasses.field(repr=False)  # what the scenario prepared; it may hold a password
    turns: bool = False  # whether it asks in turns alone

    @property
    def is_closed(self) -> bool:
        """Whether users wait for their answers."""
        return self.arrivals == CLOSED

    def part(self, worker: str, index: int) -> ProcessShare:
        """What one process has to do with it; `index` is the number that Locust's master gave the worker."""
        if worker in self.workers:
            return ProcessShare(self, self.workers.index(worker), len(self.workers))
        return ProcessShare(self, LATECOMER * (index + 1), 1)


@dataclasses.dataclass(frozen=True)
class ProcessShare:
    """The part of one process in a run: arrivals `first`, `first + step`, `first + 2 step`, …"""

    plan: LoadPlan
    first: int
    step: int

    def numbers(self) -> Iterator[int]:
        """The arrivals, each number given once over all processes."""
        return count(self.first, self.step)

    @property
    def name(self) -> str:
        """Different in every run and process."""
        return f"load-{self.plan.run}-{self.first}"

    def factory(self, make: MakeRequest) -> RequestFactory:
        """What knows what each of them asks for."""
        return RequestFactory(self.plan.scenario, self.plan.seed_key, make)

    def schedule(self, now: float, turns: Turns | None = None) -> Schedule | InTurns:
        """When they are due."""
        plan = self.plan
        each = gaps(plan.arrivals, plan.seed_key, self.first, self.step)
        return Schedule(each, now) if turns is None else InTurns(Schedule(each, 0.0), turns)

    def second(self, second: Second | None, began: float) -> SecondSchedule | None:
        """When those of the second population are due, in a run that began then; a worker that comes late sends none."""
        if second is None or self.plan.is_closed or self.first >= LATECOMER:
            return None
        return SecondSchedule(second, began, self.plan.seed_key, self.first, self.step)


class Fixed(NamedTuple):
    """Options of whoever started Locust, which the web page can't change."""

    allow_remote: str
    samples: str
    turns: bool = False


def make(
    options: Any, host: str | None, fixed: Fixed, workers: list[str], scenarios: Mapping[str, Scenario]
) -> LoadPlan:
    """Turn the options into a plan; the scenario may ask the target what it needs to know. Raises RefusedError."""
    _check(options, scenarios)
    _check_file(fixed.samples)
    with contextlib.closing(Target(checked(host, fixed.allow_remote))) as target:
        facts = scenarios[options.scenario].prepare(target, options)
        target.reach()  # a load that waits until the target is well would hide that it was not
    return LoadPlan(
        scenario=options.scenario,
        arrivals=options.arrivals,
        in_flight=options.in_flight,
        request_timeout=options.request_timeout,
        think_seconds=options.think_time,
        seed_key=options.seed_key,
        run=os.urandom(4).hex(),
        recording=bool(fixed.samples),
        workers=sorted(workers),
        facts=facts,
        turns=fixed.turns,
    )


def _check(options: Any, scenarios: Mapping[str, Scenario]) -> None:
    """The web page and the environment can give values that the command line refuses."""
    if options.scenario not in scenarios:
        raise RefusedError(f"There is no scenario {options.scenario!r}; there are {', '.join(scenarios)}.")
    if options.arrivals not in ARRIVALS:
        raise RefusedError(f"--arrivals must be one of {', '.join(ARRIVALS)}, not {options.arrivals!r}.")
    if options.in_flight < 1:
        raise RefusedError(f"--in-flight must be 1 or more, not {options.in_flight}.")
    if not 0 < options.request_timeout < math.inf:
        raise RefusedError(f"--request-timeout must be more than 0 seconds, not {options.request_timeout}.")
    if not 0 <= options.think_time < math.inf:
        raise RefusedError(f"--think-time must be 0 or more seconds, not {options.think_time}.")


def _check_file(samples: str) -> None:
    if samples and not os.access(os.path.dirname(os.path.abspath(samples)), os.W_OK):
        raise RefusedError(f"--samples {samples}: its folder does not exist or can't be written to.")
    if os.path.isdir(samples):
        raise RefusedError(f"--samples {samples} is a folder: name a file in it.")
