"""Dose and response in the report: a picture and a table where a kind was sent at several rates, and nothing elsewhere."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem.judge.summary import Summary, summarise
from tandem.report import charts, dose, html
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI, WSGI
from tests.tandem.report.pages import Page

RATES = (0.5, 1, 2, 4)


def swept() -> Summary:
    """A sweep in which the loop misses as much as arithmetic says, and the pool nothing."""

    def change(block: dict[str, Any]) -> None:
        rate = float(block["scenario"].split()[1])
        block["blocked"] = blocking.blocked(round(12 * rate) if block["stack"] == ASGI else 0)

    loads = [
        blocking.load(
            decoy=False,
            scenario=f"sleep {rate:g} x 200",
            blocking=msgspec.structs.replace(blocking.BLOCKING, row="sleep", query="ms=200", rate=rate),
        )
        for rate in RATES
    ]
    return summarise(synthetic.synthesise(6, change=change, loads=loads, headlines=[], profile="lab-dose"))


def test_each_dose_stands_beside_what_queueing_expects() -> None:
    summary = swept()
    page = Page(html.render(summary, charts.draw(summary, {}), [], []))
    rows = page.table("dose")[1:]
    assert len(rows) == 2 * len(RATES)
    by_stack = {name: [row for row in rows if row[1] == name] for name in (ASGI, WSGI)}
    assert {row[4] for row in by_stack[WSGI]} == {"0.0"}
    (one,) = (each for each in dose.points(summary) if each.measures.stack == ASGI and each.load.blocking
              and each.load.blocking.rate == 1)  # fmt: skip
    assert one.spaced == pytest.approx(0.1, rel=0.4)
    assert one.share == pytest.approx(0.1, rel=0.4)


def test_a_run_without_a_sweep_draws_none() -> None:
    assert dose.draw(summarise(blocking.records())) is None
