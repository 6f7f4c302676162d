"""The table of prices: every stack of the page about servers has its row, and values are those of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tandem.judge.summary import summarise
from tandem.plan import stacks
from tandem.plan.definition import DECOY
from tandem.records.setup import Headline
from tests.support.synthetic import ASGI, WSGI, saturating, stack, synthesise

PAGE = Path(__file__).parents[2] / "docs" / "servers.md"


def test_every_stack_of_the_page_has_a_row_in_its_order(script: Any) -> None:
    known = stacks.load()
    history = list(script("prices").HISTORY)
    assert {*history} == {name for name, found in known.items() if {"history", "servers", "bare"} & found.groups.keys()}
    page = PAGE.read_text()
    places = [page.index(f"| `{name}` |") for name in history]
    assert places == sorted(places)


def test_a_price_is_what_the_run_says(script: Any) -> None:
    headlines = [Headline(scenario="add at saturation", metric="throughput")]
    found = summarise(
        synthesise(
            9, {(ASGI, "add at saturation", "throughput"): 2.0}, loads=[saturating("add")], headlines=headlines,
            stacks=[stack(WSGI), stack(ASGI), stack(DECOY, decoy_of=WSGI)],
        )
    )  # fmt: skip
    prices = script("prices").prices(found)
    assert {*prices} == {("add", WSGI), ("add", ASGI)}
    assert prices["add", WSGI].throughput.endswith("/s (1)")
    assert "/s (2.0" in prices["add", ASGI].throughput or "/s (1.9" in prices["add", ASGI].throughput
    assert prices["add", ASGI].throughput.count("–") == 1  # its interval
    table = script("prices").table(prices)
    assert f"| `asgi` | – | – | {prices['add', ASGI].cpu} | {prices['add', ASGI].throughput} | – |" in table
