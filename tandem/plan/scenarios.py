"""Scenarios: read from the file `scenarios.toml` of an app's load test; all that the harness knows of what clients do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from tandem.errors import TandemError
from tandem.plan import apps, tables
from tandem.records.setup import Budget

SCENARIOS_FILE = "scenarios.toml"

JudgedMetric = Literal["cpu", "p50", "p99"]
JUDGED_METRICS: tuple[JudgedMetric, ...] = get_args(JudgedMetric)


class Blockers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests beside the arrivals that block in the stack."""

    kind: str
    path: str
    per_second: float
    ms: int


class ScenarioRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a scenarios file; what each field means stands at the top of the file."""

    title: str
    writes: bool
    login: bool
    users: bool
    not_judged: dict[JudgedMetric, str] = {}
    situation: str = ""
    routes: list[str] = []
    concurrency: int = 64
    contiguous: list[Literal["rate", "saturation"]] = []
    news_seconds: float | None = None
    rate: float | None = None
    blockers: Blockers | None = None
    cpu: str = ""
    cpu_seconds: float | None = None
    cpu_share: float = 1.0

    @property
    def metrics(self) -> list[JudgedMetric]:
        """What is judged: the same of every scenario, but for what the row gives a reason for."""
        return [metric for metric in JUDGED_METRICS if metric not in self.not_judged]

    def bound(self, budget: Budget) -> tuple[float, str] | None:
        """Return the most arrivals per second that a budget allows, and what bounds them; None where arithmetic doesn't know.

        A request that waits holds one of the places that may wait, ÷ its seconds; one that computes a CPU, ÷ its seconds × share.
        """
        if self.news_seconds:
            places = min(budget.slots or budget.news_connections, budget.news_connections)
            return places / self.news_seconds, f"{places} waiting at once"
        if self.cpu_seconds:
            rate = budget.cpus / (self.cpu_seconds * self.cpu_share)
            what = f"{self.cpu} of {1000 * self.cpu_seconds:g} ms"
            return rate, f"{what} on {budget.cpus} CPU{'s' * (budget.cpus > 1)}"
        return None


Scenarios = dict[str, ScenarioRow]


def load(load_test: str | Path) -> Scenarios:
    """Return the scenarios of a load test, a folder, by name and in the order in which a round measures them.

    Raises TandemError that names file, scenario and field.
    """
    file = Path(load_test) / SCENARIOS_FILE
    rows = {
        name: tables.convert(table, ScenarioRow, f"{file}: scenario {name!r}")
        for name, table in tables.read(file, "scenarios").items()
    }
    # What is written by one would be found by the next: those that only read come first.
    return dict(sorted(rows.items(), key=lambda item: item[1].writes))


def known() -> Scenarios:
    """Return the scenarios of all built-in apps."""
    return {name: row for app in apps.load().values() for name, row in load(app.load_test).items()}


def choose(scenarios: Scenarios, names: Iterable[str]) -> Scenarios:
    """Return the scenarios of these names in the order of the round.

    Raises TandemError where there is none, or for one that isn't known or is named twice.
    """
    wanted, offered = list(names), ", ".join(sorted(scenarios))
    if not wanted:
        raise TandemError(f"a comparison needs a scenario or more: give --scenarios with some of {offered}")
    for name in wanted:
        if name not in scenarios:
            raise TandemError(f"unknown scenario {name!r}: known are {offered}")
        if wanted.count(name) > 1:
            raise TandemError(f"the scenario {name!r} is named twice")
    return {name: row for name, row in scenarios.items() if name in wanted}
