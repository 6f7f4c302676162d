"""Repair: who is hurt, and what repairs it, only where every round or the interval says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from tandem.judge.repair import Repair
from tandem.judge.summary import Summary, summarise
from tandem.records.blocked import Blocked
from tandem.records.journal import Record
from tandem.records.setup import Headline, Stack
from tandem.report import charts, html, markdown, repairs
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI, WSGI
from tests.tandem.report.pages import Page

THREAD = "asgi-thread"
ROW = msgspec.structs.replace(
    blocking.BLOCKING, row="sleep-in-handler", query="ms=200", repair="Wait with `await asyncio.sleep`."
)
RIGHT = msgspec.structs.replace(ROW, repairs="sleep-in-handler", route="GET /lab/pause", holds_loop=False, repair="")
LADDER: list[Stack] = [
    synthetic.stack(WSGI),
    synthetic.stack(ASGI, slots=None),
    msgspec.structs.replace(synthetic.stack(THREAD), app="asgi_app", title="async, moved to the thread pool"),
]


def records(late: dict[str, Sequence[int]], rounds: int = 2, **changes: Any) -> list[Record]:
    """A run in which each blocker makes so many late on each stack, the rounds in turn; nobody elsewhere."""

    def change(block: dict[str, Any]) -> None:
        per_round = late.get(block["stack"], (0,))
        block["blocked"] = blocking.blocked(per_round[block["round"] % len(per_round)])

    loads = [blocking.load(decoy=False, scenario="sleep-in-handler", blocking=ROW)]
    facts = {"stacks": LADDER, "loads": loads, "headlines": [], "profile": "lab-kinds", "change": change}
    return synthetic.synthesise(rounds, **{**facts, **changes})


def rows(summary: Summary) -> dict[str, Repair]:
    return {each.app: each for each in summary.repairs}


def todo(summary: Summary, app: str) -> str:
    return repairs.todo(rows(summary)[app], ROW.repair)


def names(found: Repair) -> tuple[list[str], list[str], list[str]]:
    return (
        [each.stack for each in found.hurt],
        [each.stack for each in found.spared],
        [each.stack for each in found.unknown],
    )


def test_what_repairs_it_is_a_stack_of_the_same_app_that_is_not_hurt() -> None:
    summary = summarise(records({ASGI: [28]}))
    assert names(rows(summary)["asgi_app"]) == ([ASGI], [THREAD], [])
    assert names(rows(summary)["wsgi_app"]) == ([], [WSGI], [])
    (hurt,), (spared,) = rows(summary)["asgi_app"].hurt, rows(summary)["asgi_app"].spared
    assert (hurt.late, spared.late, spared.title) == (28, 0, LADDER[2].title)
    said = todo(summary, "asgi_app")
    assert said.startswith(f"{THREAD} ({spared.title}) ")
    assert said.endswith(ROW.repair)
    assert ROW.repair not in todo(summary, "wsgi_app")


def test_where_nothing_measured_repairs_it_the_code_is_left() -> None:
    summary = summarise(records({ASGI: [28], THREAD: [28]}))
    assert names(rows(summary)["asgi_app"]) == ([ASGI, THREAD], [], [])
    assert rows(summary)["asgi_app"].right == []
    said = todo(summary, "asgi_app")
    assert said.endswith(ROW.repair)
    assert (THREAD in said, "not measured" in said) == (False, True)


def both(right: dict[str, Sequence[int]], **changes: Any) -> Summary:
    """A run in which 28 are late on both ASGI stacks where it is done wrong, and so many where it is done right."""
    found = {ASGI: [28], THREAD: [28]}

    def change(block: dict[str, Any]) -> None:
        per_round = (right if block["scenario"] == "right" else found).get(block["stack"], (0,))
        block["blocked"] = blocking.blocked(per_round[block["round"] % len(per_round)])

    loads = [
        blocking.load(decoy=False, scenario="sleep-in-handler", blocking=ROW),
        blocking.load(decoy=False, scenario="right", blocking=RIGHT),
    ]
    return summarise(records({}, loads=loads, change=change, **changes))


def test_what_the_right_way_in_the_code_bought_is_said_of_each_stack_that_is_hurt() -> None:
    summary = both({ASGI: [0], THREAD: [28]})
    assert [each.scenario for each in summary.repairs] == ["sleep-in-handler"] * 2
    found = rows(summary)
    assert [(each.stack, each.state) for each in found["asgi_app"].right] == [(ASGI, "spared"), (THREAD, "hurt")]
    assert found["wsgi_app"].right == []
    assert [(each.late, each.cpu_ms is None, each.control) for each in found["asgi_app"].right] == [
        (0, False, None),
        (28, False, None),
    ]
    said = todo(summary, "asgi_app")
    assert re.search(
        rf"{re.escape(ROW.repair)} .*{ASGI}: 0 .* 28, [\d.]+ ms .* [\d.]+ ms, .*{THREAD}: 28 .* 28, ", said
    )
    assert "not measured" not in said


def test_where_the_rounds_of_the_right_way_disagree_nothing_is_said_of_it() -> None:
    summary = both({ASGI: [28, 0]})
    right = {each.stack: each for each in rows(summary)["asgi_app"].right}
    assert [right[name].state for name in (ASGI, THREAD)] == ["undecided", "spared"]
    assert right[ASGI].interval == pytest.approx((0, 0.233), abs=0.001)
    assert re.search(rf"{ASGI} .*0 % to 23.3 %.*{THREAD}: 0 ", todo(summary, "asgi_app"))


def test_the_cpu_that_the_right_way_takes_is_no_blocking() -> None:
    """Its control has as many late as it has itself, and is told beside it."""
    late = {"sleep-in-handler": 28, "right": 6, "control": 6}

    def change(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(late[block["scenario"]] if block["stack"] == ASGI else 0)

    given = {"sleep-in-handler": ROW, "right": RIGHT, "control": msgspec.structs.replace(ROW, control=True)}
    loads = [blocking.load(decoy=False, scenario=name, blocking=each) for name, each in given.items()]
    summary = summarise(records({}, loads=loads, change=change))
    (right,) = rows(summary)["asgi_app"].right
    assert (right.stack, right.state, right.late, right.control) == (ASGI, "spared", 6, 6)
    assert re.search(rf"{ASGI}: 6 .* 28, .*; .* 6 ", todo(summary, "asgi_app"))


def test_rounds_that_disagree_say_nothing() -> None:
    summary = summarise(records({THREAD: [28, 0], ASGI: [28]}))
    found = rows(summary)["asgi_app"]
    assert names(found) == ([ASGI], [], [THREAD])
    assert re.search(rf"{THREAD} .*0 % to 23.3 %", todo(summary, "asgi_app"))


@pytest.mark.parametrize("change", [{"rounds": 1}, {"spoiled_all": True}])
def test_one_round_or_rejected_ones_say_nothing(change: dict[str, Any]) -> None:
    def spoil(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(28)
        synthetic.burner(block)

    found = records({ASGI: [28]}, change=spoil) if "spoiled_all" in change else records({ASGI: [28]}, **change)
    summary = summarise(found)
    assert summary.repairs == []
    assert "repairs" not in Page(html.render(summary, charts.draw(summary, {}), [], [])).ids
    assert repairs.table(summary).rows == []
    assert repairs.table(summary).caption not in markdown.render(summary, [])


def test_who_refuses_what_blocks_repairs_nothing() -> None:
    def refuse(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(28 if block["stack"] == ASGI else 0)
        if block["stack"] == THREAD:
            block["blocked"] = blocking.blocked(0, completed=0, refused=8)

    summary = summarise(records({}, change=refuse))
    assert names(rows(summary)["asgi_app"]) == ([ASGI], [], [THREAD])
    assert rows(summary)["asgi_app"].unknown[0].state == "refused"
    assert THREAD in todo(summary, "asgi_app")


def test_who_was_late_before_anything_blocked_is_not_spared() -> None:
    def late(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(28 if block["stack"] == ASGI else 0, 50 if block["stack"] == THREAD else 0)

    summary = summarise(records({}, change=late))
    assert names(rows(summary)["asgi_app"]) == ([ASGI], [], [THREAD])
    assert rows(summary)["asgi_app"].unknown[0].state == "late before"
    assert THREAD in todo(summary, "asgi_app")


def test_a_headline_that_came_to_nothing_leaves_it_undecided() -> None:
    """Eight rounds whose decoy is missing are not judged."""
    headline = [Headline(scenario="sleep-in-handler", metric="late")]
    summary = summarise(records({ASGI: [28]}, headlines=headline))
    assert {c.verdict for c in summary.comparisons if c.kind == "headline"} == {"not judged"}
    assert names(rows(summary)["asgi_app"]) == ([], [], [ASGI, THREAD])


def test_the_routes_that_are_hurt_are_named_where_others_are_not() -> None:
    def one_route(block: dict[str, Any]) -> None:
        found = blocking.blocked(28 if block["stack"] == ASGI else 0)
        block["blocked"] = _healthy(found, "GET /healthz")

    (outcome,) = rows(summarise(records({}, change=one_route)))["asgi_app"].hurt
    assert outcome.routes == ["GET /api/users/{id}"]


def test_a_queue_that_outlasts_the_blockers_is_told_as_such_and_no_share_of_all() -> None:
    summary = summarise(records({ASGI: [28]}))
    [row] = [each for each in summary.repairs if each.app == "asgi_app"]
    longer = msgspec.structs.replace(row, hurt=[msgspec.structs.replace(row.hurt[0], share=1.3, interval=(1.2, 1.4))])
    table = repairs.table(msgspec.structs.replace(summary, repairs=[longer]))
    assert "1.3 for each" in table.rows[0][2].text
    assert "%" not in table.rows[0][2].text


def _healthy(found: Blocked, route: str) -> Blocked:
    """The same with nobody late on one route."""
    phases = [
        msgspec.structs.replace(
            phase,
            routes=[
                msgspec.structs.replace(each, misses=[0, 0, 0]) if each.route == route else each
                for each in phase.routes
            ],
        )
        for phase in found.phases
    ]
    return msgspec.structs.replace(found, phases=phases)


def test_page_and_markdown_have_the_rows() -> None:
    summary = summarise(records({ASGI: [28]}))
    page = Page(html.render(summary, charts.draw(summary, {}), [], []))
    table = page.table("repairs")
    assert [row[2] for row in table[1:]] == ["wsgi_app", "asgi_app"]
    assert table[2][3].startswith(f"{ASGI}: 28 late")
    assert todo(summary, "asgi_app") in markdown.render(summary, []).replace("\\", "")
