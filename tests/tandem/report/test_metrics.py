"""Metrics of any kind in the report: where more is better, and where a difference is compared because it may be zero."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tandem.judge.metrics import METRICS, Metric
from tandem.judge.summary import Summary, summarise
from tandem.records.setup import Headline
from tandem.report import charts, html, markdown, sentences, wording
from tests.support import synthetic, verdicts
from tests.support.synthetic import ASGI, synthesise
from tests.tandem.report.pages import Page

RATE = Metric(
    key="rate", title="throughput", unit="1/s", delta=0.1, of=lambda block: block.rate, show=lambda value: f"{value:g}/s",
    field="rate", higher_is_better=True,
)  # fmt: skip
BACKLOG = Metric(
    key="backlog", title="backlog", unit="requests", delta=5, of=lambda block: float(block.backlog),
    show=lambda value: f"{value:g}", field="backlog_share", compared="difference", at_rate=False,
)  # fmt: skip
NEW = {"rate": RATE, "backlog": BACKLOG}


@pytest.fixture(scope="module")
def found() -> Iterator[Summary]:
    """A run that is judged on throughput, of which the challenger has more, and on backlog, which the baseline doesn't have."""

    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI:
            block.update(rate=block["rate"] * 1.5, backlog=20 + block["round"])

    with pytest.MonkeyPatch.context() as patch:
        for key, metric in NEW.items():
            patch.setitem(METRICS, key, metric)
        yield summarise(synthesise(change=change, headlines=[Headline(scenario="read", metric=key) for key in NEW]))


@pytest.fixture(scope="module")
def page(found: Summary) -> Page:
    return Page(html.render(found, charts.draw(found, {}), [], []))


def test_the_verdicts_follow_the_direction(found: Summary) -> None:
    judged = {(c.metric, c.stack): c.verdict for c in found.comparisons if c.kind in ("headline", "decoy")}
    assert judged["rate", ASGI] == "better"
    assert judged["backlog", ASGI] == "worse"
    assert judged["rate", synthetic.DECOY] == judged["backlog", synthetic.DECOY] == "no practical difference"


def test_a_difference_is_written_with_its_sign_and_unit(found: Summary, page: Page) -> None:
    c = next(c for c in found.comparisons if (c.metric, c.stack, c.scenario) == ("backlog", ASGI, "read"))
    assert c.estimate == 25
    assert wording.effect(BACKLOG, c.estimate) == "+25 requests"
    assert wording.interval(c).startswith("+2")
    texts = [item.text for line in sentences.verdict(found) for item in line.items if item.metric == "backlog"]
    assert len(texts) == 1
    assert "+25 requests" in texts[0]
    assert "×" not in texts[0]
    assert "| +25 requests |" in markdown.render(found, []).replace("\\", "")
    assert "+25 requests" in page.text


def test_no_practical_difference_names_its_band() -> None:
    judged = (verdicts.judge([1.0] * 9, "cpu"), verdicts.judge([0.0] * 9, "failed"))
    assert [wording.delta(c) for c in judged] == ["±10 %", "±0.1 points"]


def test_the_scorecard_has_a_column_for_each_metric(page: Page) -> None:
    head = page.table("scorecard-read")[0]
    assert [
        f"{metric.title} ({metric.unit})" in head
        for metric in METRICS.values()
        if metric.compared == "ratio" and metric.loads != "saturation"
    ] == [True] * 5
    assert {"throughput: verdict", "backlog: verdict", "backlog: difference", "throughput: ratio"} <= set(head)


def test_the_round_by_round_table_holds_differences_as_they_are(page: Page) -> None:
    row = next(row for row in page.table("rounds") if row[:2] == ["backlog of read", ASGI])
    assert [float(value) for value in row[2:11]] == [20.0 + number for number in range(1, 10)]
    assert [float(value) for value in row[11:13]] == [22.5, 27.0]


def test_differences_are_listed(page: Page) -> None:
    rows = page.table("differences")[1:]
    assert {row[1] for row in rows} == {"failed arrivals", "backlog"}


def test_the_forest_follows_the_direction_and_keeps_units_apart(found: Summary) -> None:
    drawn = {chart.name: chart for chart in charts.draw(found, {}) if chart.scenario is None}
    assert sorted(drawn) == ["differences-2", "ratios"]
    assert "above 1 is better" in drawn["ratios"].svg
    assert "below 0 is better" in drawn["differences-2"].svg
    assert "+25 requests" in drawn["differences-2"].description
    assert "×" not in drawn["differences-2"].description


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ([METRICS["cpu"], METRICS["p50"], METRICS["cpu"]], ["below 1"]),
        ([RATE], ["above 1"]),
        ([BACKLOG], ["below 0"]),
        ([METRICS["cpu"], RATE, METRICS["p50"]], ["below 1", "CPU per request", "p50", "above 1", "throughput"]),
    ],
)
def test_which_side_is_better_is_said(metrics: list[Metric], said: list[str]) -> None:
    parts = "|".join(["below . ", "above . ", *(metric.title for metric in (*METRICS.values(), RATE))])
    assert [part.strip() for part in re.findall(parts, wording.better_where(metrics))] == said


def test_the_page_says_which_side_is_better(page: Page) -> None:
    assert wording.better_where([RATE, BACKLOG]) in page.text


def test_the_estimate_of_differences_is_no_logarithm() -> None:
    assert BACKLOG.estimate([-1.0, 0.0, 1.0]) == 0
    assert RATE.estimate([0.5, 2.0]) == pytest.approx(1)
    assert RATE.estimate([]) is None
    assert (RATE.none, BACKLOG.none, BACKLOG.band) == (1, 0, 5)
    assert RATE.band == pytest.approx(math.log(1.1))
