"""The plan of a run: everything that is decided before its first block, and how long it will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tandem import formats
from tandem.plan import costs, cpu_layout
from tandem.plan.apps import STALLS, App
from tandem.plan.definition import DECOY, Definition
from tandem.plan.stacks import Stacks
from tandem.records.journal import FORMAT
from tandem.records.setup import Calibration, Headline, Load, Provenance, Run, Stack


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
        return costs.AROUND_ROUNDS + self.rounds * self.round_seconds()


def _waived(beginning: str) -> str:
    return f"the answers to probes that begin with `{formats.shortened(beginning)}` were not compared: they were waived"
