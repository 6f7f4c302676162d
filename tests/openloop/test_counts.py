"""Counts stay small, add up over processes, and know percentiles closely; what is said of them."""

from __future__ import annotations

import re
from random import Random

import pytest

from openloop import counts as counting
from openloop import status as statuses
from openloop.plan import LoadPlan


def test_percentiles_of_lags() -> None:
    random, first, second = Random(1), counting.Counts(), counting.Counts()
    lags = [round(random.lognormvariate(4, 2)) for _ in range(20_000)]
    for number, lag in enumerate(lags):
        (first if number % 3 else second).add_lag(lag)
    first.add(counting.Counts(**second.packed()))
    for share in (0.5, 0.9, 0.99):
        assert first.lag(share) == pytest.approx(sorted(lags)[int(share * 20_000) - 1] / 1000, rel=0.03)
    assert len(first.lags) < 1500
    assert counting.Counts().lag(0.5) is None


def test_counts_add_up() -> None:
    total, more = counting.Counts(due=5, sent=4, dropped=1, most=3), counting.Counts(due=2, sent=2, most=7)
    total.add(more)
    assert (total.due, total.sent, total.dropped, total.most) == (7, 6, 1, 7)
    assert counting.Counts(due=9, in_flight=2, rate=5, most=8).next() == counting.Counts(in_flight=2, rate=5, most=2)


def plan(arrivals: str) -> LoadPlan:
    return LoadPlan("read", arrivals, 10, 1.0, 1.0, "0", "cafe", False, ["a", "b"], {})


def test_the_last_line() -> None:
    counts = counting.Counts(due=12, sent=11, dropped=1, unfinished=2, most=10, in_flight=3, rate=4)
    counts.add_lag(100)
    for process in ("a", "b"):
        open_loop = statuses.Status(plan("poisson"))
        open_loop.add(process, counts)
        assert re.findall(r"\d[\d.]*(?: \w+)?", open_loop.line()) == [
            "12 due", "11 sent", "1 dropped", "2 unfinished", "50 0", "10 ms", "99 0", "10 ms", "10"]  # fmt: skip
    closed = statuses.Status(plan("closed"))
    closed.add("a", counts)
    assert re.findall(r"\d+(?: \w+)?", closed.line()) == ["11 sent", "2 unfinished", "10"]
    assert closed.line().startswith("closed loop: ")
    assert closed.line().endswith(statuses.NOT_COMPARABLE)


def test_the_tab_adds_the_processes_up() -> None:
    status = statuses.Status(plan("uniform"))
    for process in ("a", "b", "b"):
        status.add(process, counting.Counts(due=12, sent=11, dropped=1, in_flight=3, rate=4))
    rows = {row["name"]: row["value"] for row in status.rows()}
    assert rows["Arrivals"] == "open loop, uniform"
    assert (rows["Due"], rows["Sent"], rows["Dropped"]) == ("36", "33", "3")
    assert rows["Arrivals per second"] == "8"
    assert rows["In flight"].startswith("6 of 10 ")
    assert rows["Dispatch lag p99, last seconds"] == "unknown"
    closed = statuses.Status(plan("closed"))
    assert {"name": "Arrivals", "value": f"closed loop: {statuses.NOT_COMPARABLE}"} in closed.rows()
