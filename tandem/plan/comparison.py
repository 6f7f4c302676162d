"""The plan of a comparison: everything that is decided before the first block, checked before anything is started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from tandem import formats
from tandem.errors import TandemError
from tandem.plan import costs, cpu_layout, profiles, refusals
from tandem.plan.apps import STALLS, App
from tandem.plan.definition import DECOY, Definition
from tandem.plan.loads import all_loads, scaled
from tandem.plan.profiles import Profile
from tandem.plan.scenarios import Scenarios
from tandem.plan.scenarios import choose as choose_scenarios
from tandem.plan.scenarios import load as load_scenarios
from tandem.plan.stacks import Stacks, choose, on_database
from tandem.records.journal import FORMAT
from tandem.records.setup import Calibration, Headline, Load, Provenance, Run, Stack

EXPLORATORY_WARMUP = 1
"""Seconds of warm-up where the numbers are only for looking at."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be measured.

    `definitions` holds every stack of a round, the decoy too, by the name it has in the run.
    """

    profile: str
    first_look: bool = False  # whether p99 and equality are never judged
    definitions: Stacks
    baseline: str
    loads: list[Load]
    headlines: list[Headline]
    rounds: int
    extension: int
    seed: int
    users: int
    spares: int = 0
    layout: cpu_layout.Layout
    waive: Sequence[str] = ()  # beginnings of probes whose answers are not compared
    capacity: Sequence[str] = ()  # scenarios whose capacity is searched for at the end
    exploratory: str | None = None  # why the run can give no verdict: it then has no decoy, which would vouch for one

    @property
    def application(self) -> App:
        """The app that all its stacks implement."""
        return next(iter(self.definitions.values())).application

    @property
    def lab(self) -> bool:
        """Whether a load has blockers, so that the app must have what blocks."""
        return any(load.blocking for load in self.loads)

    @property
    def watched(self) -> bool:
        """Whether the servers write what held them up: it costs some CPU, so not where anything else is measured."""
        return bool(self.application.stalls and self.loads) and all(load.blocking for load in self.loads)

    @property
    def more(self) -> dict[str, str]:
        """Environment variables of the servers beside those of their stack, for the sake of these loads."""
        stalls = {self.application.stalls: f"{{own}}/{STALLS}"} if self.watched else {}
        return {**self.application.lab, **stalls} if self.lab else {}

    def stacks(self) -> list[Stack]:
        """Return the stacks as records keep them."""
        return [self._stack(name, definition) for name, definition in self.definitions.items()]

    def _stack(self, name: str, definition: Definition) -> Stack:
        servers = definition.server_cpus(self.layout.stack)
        return Stack(
            name=name,
            title=definition.title,
            app=definition.app,
            budget=definition.budget(len(self.layout.stack)),
            # "python" and not its path: a record says how a stack was started, not where this machine keeps things.
            commands=[definition.filled_command(len(cpus), f"{{{definition.place}}}", "python") for cpus in servers],
            environment={**definition.environment, **self.more},
            decoy_of=self.baseline if name == DECOY else None,
        )

    def run(
        self, provenance: Provenance, probes: int, calibration: Calibration | None = None, suspect: Sequence[str] = ()
    ) -> Run:
        """Return the first record of the run; `suspect` says what was amiss with the machine at its start."""
        return Run(
            format=FORMAT,
            profile=self.profile,
            first_look=self.first_look,
            seed=self.seed,
            rounds=self.rounds,
            extension=self.extension,
            spares=self.spares,
            baseline=self.baseline,
            stacks=self.stacks(),
            loads=self.loads,
            headlines=self.headlines,
            seeded_users=self.users,
            app=self.application.digests(),
            probes=probes,
            calibration=calibration,
            suspect=[*([self.layout.suspect] if self.layout.suspect else []), *map(_waived, self.waive), *suspect],
            provenance=provenance,
        )

    def measured(self, name: str) -> list[Load]:
        """Return the loads under which a stack is measured."""
        return [load for load in self.loads if load.covers(name, name == DECOY)]

    def blocks_per_round(self) -> int:
        """Return how many blocks a round has."""
        return sum(len(self.measured(name)) for name in self.definitions)

    def blocks(self) -> int:
        """Return how many blocks the run has."""
        return self.rounds * self.blocks_per_round()

    def news_seconds(self) -> float:
        """Return how long the news service takes to answer; 0 where no scenario has it asked."""
        return max((load.news_seconds or 0.0 for load in self.loads), default=0.0)

    def round_seconds(self) -> float:
        """Return about how long a round takes, with restoring, starting and stopping."""
        return costs.round_seconds([self.measured(name) for name in self.definitions])

    def seconds(self) -> float:
        """Return about how long the run takes, with what comes before its first round and after its last one."""
        return costs.AROUND + self.rounds * self.round_seconds()


def plan(
    profile: Profile,
    stacks: Stacks,
    *,
    names: Sequence[str] | None = None,
    baseline: str | None = None,
    scenarios: Sequence[str] | None = None,
    load: Literal["rate", "saturation", "both"] | None = None,
    rounds: int | None = None,
    seconds: int | None = None,
    warmup: int | None = None,
    users: int | None = None,
    rate: int | None = None,
    extension: int = 0,
    seed: int,
    cpus: int = 1,
    waive: Sequence[str] = (),
    slices: int | None = None,
    in_one_piece_too: bool = False,
    database: str | None = None,
) -> Plan:
    """Return the plan of a profile with what is given in its place. Raises TandemError where it makes no sense."""
    chosen, first = _chosen(
        profile, on_database(choose(stacks, list(profile.stacks if names is None else names)), database), baseline
    )
    rows, at_rate, saturated = _scenarios(profile, chosen, first, scenarios, load or ("rate" if rate else None))
    layout = cpu_layout.layout(cpus)
    budgets = {name: definition.budget(len(layout.stack)) for name, definition in chosen.items()}
    loads = all_loads(
        rows,
        at_rate,
        saturated,
        seconds or profile.seconds,
        profile.warmup if warmup is None else warmup,
        budgets,
        rate,
        profile.phases if seconds is None else scaled(profile.phases, seconds),
        slices,
        in_one_piece_too,
    )
    loads = [msgspec.structs.replace(each, decoy=profile.decoy_blocked or not each.blocking) for each in loads]
    refusals.refuse_short_slices(loads)
    count = rounds or profile.rounds
    headlines = profiles.headlines(rows, loads, count, profile)
    too_few = refusals.too_few_rounds(count, len(headlines) * (len(chosen) - 1), 2 if extension else 1)
    if too_few and (rounds is None or extension):
        raise TandemError(f"{too_few}, or fewer stacks or scenarios")
    if too_few and warmup is None:
        loads = [msgspec.structs.replace(load, warmup_seconds=EXPLORATORY_WARMUP) for load in loads]
    return Plan(
        profile=profile.name,
        first_look=profile.first_look,
        definitions=chosen if too_few else {**chosen, DECOY: chosen[first]},
        baseline=first,
        loads=loads,
        headlines=headlines,
        rounds=count,
        extension=extension,
        spares=0 if too_few else profile.spares,
        seed=seed,
        users=users or profile.users,
        layout=layout,
        waive=waive,
        capacity=[] if too_few else [name for name in profile.capacity if scenarios is None or name in scenarios],
        exploratory=too_few,
    )


def _chosen(profile: Profile, chosen: Stacks, baseline: str | None) -> tuple[Stacks, str]:
    """Return the stacks and the baseline among them."""
    if len(chosen) < 2:
        raise TandemError("a comparison needs two stacks or more: give --stacks A,B")
    if baseline is None and profile.baseline not in chosen:
        raise TandemError(f"no baseline among the stacks: give --baseline with one of {', '.join(chosen)}")
    refusals.refuse_different_apps(chosen)
    first = baseline or profile.baseline
    if first not in chosen:
        raise TandemError(
            f"the baseline {first!r} is none of the stacks: add it to --stacks or name one of {', '.join(chosen)}"
        )
    return chosen, first


def _scenarios(
    profile: Profile, chosen: Stacks, first: str, scenarios: Sequence[str] | None, load: str | None
) -> tuple[Scenarios, list[str], list[str]]:
    """Return the scenarios, and which of them are driven at a rate and which to saturation."""
    at_rate, saturated = _driven(profile, scenarios, load)
    named = dict.fromkeys([*at_rate, *saturated]) if scenarios is None else scenarios
    known = load_scenarios(chosen[first].application.load_test)
    if scenarios is None and load is None:
        named = dict.fromkeys([*named, *(name for name in profile.blocking if name in known)])
    rows = choose_scenarios(known, named)
    refusals.refuse_missing_routes(chosen, known, rows)
    blocking = [name for name, row in rows.items() if row.blockers]
    at_rate = [*(name for name in at_rate if name not in blocking), *blocking]
    return rows, at_rate, _that_saturate(rows, saturated, required=load == "saturation" or not at_rate)


def _driven(profile: Profile, scenarios: Sequence[str] | None, load: str | None) -> tuple[Sequence[str], Sequence[str]]:
    """Return which scenarios are driven at a rate and which to saturation: the profile's, unless some are named."""
    if scenarios is None and load is None:
        return profile.at_rate, profile.saturated
    named = tuple(dict.fromkeys([*profile.saturated, *profile.at_rate])) if scenarios is None else scenarios
    usual = "both" if profile.at_rate and profile.saturated else "rate" if profile.at_rate else "saturation"
    how = load or usual
    return named if how != "saturation" else (), named if how != "rate" else ()


def _that_saturate(rows: Scenarios, saturated: Sequence[str], required: bool) -> list[str]:
    """Leave out what can't be saturated, or raise TandemError where it is required."""
    found = [name for name in saturated if rows[name].concurrency]
    left_out = [name for name in saturated if name not in found]
    if left_out and required:
        raise TandemError(f"{left_out[0]!r} can't be driven to saturation (its concurrency is 0): give --load rate")
    return found


def _waived(beginning: str) -> str:
    return f"the answers to probes that begin with `{formats.shortened(beginning)}` were not compared: they were waived"
