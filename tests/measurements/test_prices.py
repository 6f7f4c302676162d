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
    assert prices["add", WSGI].ratio == "1"
    assert prices["add", ASGI].ratio.startswith(("2.0", "1.9"))
    assert prices["add", ASGI].ratio.count("–") == 1  # its interval
    table = script("prices").table(prices, ("add", "read"))
    assert f"| `{ASGI}` | {' | '.join(prices['add', ASGI])} | – | – | – |" in table
    assert table.count("\n") == 3  # a row for each stack that was asked, and the head
