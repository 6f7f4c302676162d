"""Charts: all that a summary and the pooled samples allow to draw."""

from __future__ import annotations

from types import MappingProxyType

from tandem.judge.summary import Summary
from tandem.report import dose, dots
from tandem.report.curves import percentiles, rates
from tandem.report.dots import DotRounds
from tandem.report.forest import forests
from tandem.report.pictures import Chart
from tandem.report.pools import Responses


def draw(summary: Summary, responses: Responses, seen: DotRounds = MappingProxyType({})) -> list[Chart]:
    """Return the charts that the data allow: ratios, bystanders around blocks, percentile curves, rate per round."""
    charts: list[Chart | None] = [*forests(summary), dose.draw(summary)]
    for number, load in enumerate(summary.run.loads, 1):
        curves = {stack.name: responses.get((load.scenario, stack.name), []) for stack in summary.run.stacks}
        charts.append(dots.draw(summary, number, load, seen))
        charts += [percentiles(summary, number, load.scenario, curves), rates(summary, number, load.scenario)]
    return [chart for chart in charts if chart is not None]
