"""Takeaways: what a reader takes home of each kind of blocker, beside what this run saw of its health checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tandem import formats
from tandem.judge.health import Misled
from tandem.judge.summary import Summary
from tandem.records.setup import Load
from tandem.report import hurt
from tandem.report.pictures import Chart
from tandem.report.tables import Table
from tandem.rules import LATE_MS


class Takeaway(NamedTuple):
    """One kind of blocker: its sentence, the health checks that misled, who was hurt, and its pictures."""

    load: Load
    happens: str
    misled: list[str]
    hurt: Table | None  # of runs of the laboratory
    charts: list[Chart]


def takeaways(summary: Summary, drawn: Sequence[Chart]) -> list[Takeaway]:
    """Return them in the order of the run; of loads that block and have nothing to show or say, none."""
    found = [
        Takeaway(
            load,
            load.blocking.happens if not load.blocking.control else "",
            [sentence(each) for each in summary.misled if each.scenario == load.scenario],
            hurt.table(summary, number, load) if load.blocking.row else None,
            [chart for chart in drawn if chart.scenario == load.scenario and chart.taken_home],
        )
        for number, load in enumerate(summary.run.loads, 1)
        if load.blocking
    ]
    return [each for each in found if each.happens or each.misled or each.hurt or each.charts]


def sentence(found: Misled) -> str:
    """Say what a health check said while something else was true."""
    target = f"{LATE_MS:g} ms"
    check, other = (formats.percent(round(share, 3)) for share in (found.check_share, found.route_share))
    if found.said == "healthy":
        return (
            f"On {found.stack} the health check {found.check} was healthy ({check} later than {target}) while {other} of "
            f"{found.route} had no answer within {target}: it does not need what they wait for."
        )
    return (
        f"On {found.stack} the health check {found.check} was ill ({check} later than {target}) while {found.route} was served "
        f"({other} late): whoever acts on it takes away a stack that serves them."
    )
