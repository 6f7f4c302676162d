"""Health checks that mislead: healthy while others are not served, ill while they are, and neither where rounds don't count."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem.judge.summary import Summary, summarise
from tandem.records.blocked import Blocked
from tandem.report import charts, html, takeaways
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI
from tests.tandem.report.pages import Page

USER, LOOP = blocking.ROUTES
HAPPENS = "A health check in the pool waits with the others."
ROW = msgspec.structs.replace(blocking.BLOCKING, row="threads-full", happens=HAPPENS)


def run(shares: dict[str, int], rounds: int = 2, spoiled: bool = False, control: bool = False) -> Summary:
    """A run in which asgi makes so many of a hundred late on each route while something blocks, and nobody elsewhere."""

    def change(block: dict[str, Any]) -> None:
        found = blocking.blocked(0)
        block["blocked"] = _late(found, shares) if block["stack"] == ASGI else found
        if spoiled:
            synthetic.burner(block)

    given = msgspec.structs.replace(ROW, control=control)
    loads = [blocking.load(decoy=False, scenario="threads-full", blocking=given)]
    return summarise(synthetic.synthesise(rounds, change=change, loads=loads, headlines=[], profile="lab-kinds"))


def _late(found: Blocked, shares: dict[str, int]) -> Blocked:
    before, during, after = found.phases
    routes = [
        msgspec.structs.replace(each, misses=[each.arrivals * shares[each.route] // 100] * 3) for each in during.routes
    ]
    return msgspec.structs.replace(found, phases=[before, msgspec.structs.replace(during, routes=routes), after])


def test_healthy_while_nobody_is_served() -> None:
    (found,) = run({LOOP: 0, USER: 90}).misled
    assert (found.stack, found.said, found.check, found.route) == (ASGI, "healthy", LOOP, USER)
    assert (found.check_share, found.route_share) == pytest.approx((0, 0.9))


def test_ill_while_everybody_is_served() -> None:
    (found,) = run({LOOP: 90, USER: 0}).misled
    assert (found.said, found.check, found.route) == ("ill", LOOP, USER)
    assert (found.check_share, found.route_share) == pytest.approx((0.9, 0))


@pytest.mark.parametrize(
    ("loop", "user"), [(0, 0), (90, 90), (0, 40), (20, 90)], ids=["all well", "all late", "some late", "check uneasy"]
)
def test_a_check_that_says_what_is_true_misleads_nobody(loop: int, user: int) -> None:
    assert run({LOOP: loop, USER: user}).misled == []


def test_one_round_rejected_ones_and_controls_say_nothing() -> None:
    shares = {LOOP: 0, USER: 90}
    assert run(shares, rounds=1).misled == []
    assert run(shares, spoiled=True).misled == []
    assert run(shares, control=True).misled == []


def test_the_page_has_the_sentence_to_take_home_and_what_the_check_said() -> None:
    summary = run({LOOP: 0, USER: 90})
    text = Page(html.render(summary, charts.draw(summary, {}), [], [])).text
    assert f"{HAPPENS} {takeaways.sentence(summary.misled[0])}" in text
