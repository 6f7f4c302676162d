"""The plan of a search for capacity: stacks, scenarios and service level, checked before anything is started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tandem.errors import TandemError
from tandem.plan import costs, cpu_layout, profiles, refusals
from tandem.plan.loads import SATURATION_SECONDS, TIMEOUT_SECONDS, load, saturation
from tandem.plan.run import Plan
from tandem.plan.scenarios import Scenarios
from tandem.plan.scenarios import choose as choose_scenarios
from tandem.plan.scenarios import load as load_scenarios
from tandem.plan.stacks import Stacks, choose, on_database
from tandem.records.capacity import Level, Search
from tandem.records.setup import Load, Run
from tandem.rules import CAPACITY_TRIES

TARGET_MS, SECONDS, WARMUP = 100.0, 8, 2
"""The service level, and how long each rate is measured and warmed up, unless told otherwise."""

BLOCKS = 10
"""Blocks that a search is expected to take: at saturation, four on the way to the bracket, five at its ends."""


@dataclass(frozen=True, kw_only=True)
class CapacityPlan:
    """What will be searched for; `site` says of what, where and with which seed."""

    site: Plan
    rows: Scenarios
    levels: list[Level]
    seconds: float
    warmup: float

    @property
    def names(self) -> list[str]:
        """The stacks whose capacity is searched for."""
        return [stack.name for stack in self.site.stacks() if stack.decoy_of is None]

    def search(self, run: Run) -> Search:
        """Return the first record of the search."""
        return Search(levels=self.levels, warmup_seconds=self.warmup, seconds=self.seconds, run=run)

    def bounds(self) -> dict[tuple[str, str], float]:
        """Return the rates that arithmetic allows, by scenario and stack, where it knows one."""
        known = {
            (name, each.name): row.bound(each.budget) for name, row in self.rows.items() for each in self.site.stacks()
        }
        return {key: bound[0] for key, bound in known.items() if bound}

    def load(self, scenario: str, rate: float) -> Load:
        """Return how a scenario is driven at a rate of the search, 0 for saturation."""
        row = self.rows[scenario]
        if not rate:
            return saturation(scenario, row, SATURATION_SECONDS, self.warmup)
        found = load(scenario, row, self.seconds, self.warmup, {}, rate)
        return msgspec.structs.replace(found, scenario=f"{scenario} at {rate:g} per second", drives=scenario)

    def block_seconds(self) -> float:
        """Return about how long a block takes, start and stop included."""
        return costs.begin_and_end(1, 1) + self.warmup + self.seconds + costs.ONE_PIECE

    def expected_seconds(self) -> float:
        """Return about how long all searches take."""
        return BLOCKS * len(self.levels) * len(self.names) * self.block_seconds()


def plan(
    stacks: Stacks,
    *,
    names: Sequence[str],
    scenarios: Sequence[str],
    target_ms: float = TARGET_MS,
    seconds: float = SECONDS,
    warmup: float = WARMUP,
    users: int = profiles.QUICK.users,
    seed: int,
    cpus: int = 1,
    waive: Sequence[str] = (),
    database: str | None = None,
) -> CapacityPlan:
    """Return the plan of a search of its own, on a kind of database. Raises TandemError where it makes no sense."""
    chosen = on_database(choose(stacks, names), database)
    if not chosen:
        raise TandemError("a search for capacity needs a stack or more: give --stacks A,B")
    refusals.refuse_different_apps(chosen)
    first = next(iter(chosen))
    known = load_scenarios(chosen[first].application.load_test)
    rows = choose_scenarios(known, scenarios)
    refusals.refuse_unfit(chosen, known, rows)
    layout = cpu_layout.layout(cpus)
    if layout.suspect:
        raise TandemError(
            f"{layout.suspect}: a search for capacity needs a CPU for the stack and one for the generator"
        )
    loads = [saturation(name, row, SATURATION_SECONDS, warmup) for name, row in rows.items()]
    site = Plan(
        profile="capacity", definitions=chosen, baseline=first, loads=loads, headlines=[], rounds=CAPACITY_TRIES,
        extension=0, seed=seed, users=users, layout=layout, waive=waive,
    )  # fmt: skip
    return of(site, rows, target_ms=target_ms, seconds=seconds, warmup=warmup)


def part_of(whole: Plan) -> CapacityPlan | None:
    """Return the plan of the searches that end a comparison; None where it has none."""
    if not whole.capacity:
        return None
    return of(whole, choose_scenarios(load_scenarios(whole.application.load_test), whole.capacity))


def of(
    site: Plan, rows: Scenarios, *, target_ms: float = TARGET_MS, seconds: float = SECONDS, warmup: float = WARMUP
) -> CapacityPlan:
    """Return the plan of a search among the stacks of another plan. Raises TandemError as `plan`."""
    if not 0 < target_ms < 1000 * TIMEOUT_SECONDS:
        raise TandemError(
            f"a service level of {target_ms:g} ms makes no sense: give --target-ms between 0 and "
            f"{1000 * TIMEOUT_SECONDS:g}, when a request counts as failed"
        )
    for name, row in rows.items():
        if not row.concurrency:
            raise TandemError(
                f"{name!r} has no capacity of a stack: nginx alone answers it, and the generator is the limit"
            )
    return CapacityPlan(
        site=site, rows=rows, levels=[_level(name, rows, target_ms) for name in rows], seconds=seconds, warmup=warmup
    )


def _level(name: str, rows: Scenarios, target_ms: float) -> Level:
    """What a scenario waits for a third party comes on top: no stack can answer before."""
    waits = 1000 * (rows[name].news_seconds or 0.0)
    return Level(scenario=name, target_ms=target_ms + waits, waits_ms=waits)
