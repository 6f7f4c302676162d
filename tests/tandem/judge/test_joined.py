"""Stalls, nginx's log and the generator's samples joined: who was hurt, who was known inside, and how much that explains."""

from __future__ import annotations

import math

import msgspec
import pytest

from tandem.judge import joined
from tandem.observe import access
from tandem.observe.phases import Bystander
from tandem.records.block import Block
from tandem.records.stalled import Stall
from tests.support import blocking, stalled
from tests.support.synthetic import START

USER = "GET /api/users/{id}"


def stall(at: float, seconds: float = 0.2, **changes: object) -> Stall:
    """A stall as it is read; `at` counts from the window's beginning."""
    return msgspec.convert(stalled.row(at, seconds, **changes), Stall)


def bystander(due: float, response_ms: float, route: str = "GET /healthz") -> Bystander:
    """One that was due so many seconds after the window's beginning."""
    return Bystander(START + due, route, response_ms, 0.0)


def test_hurt_is_whoever_was_under_way_between_its_beginning_and_the_end_of_the_queue_behind_it() -> None:
    before, across = bystander(0.5, 100), bystander(0.9, 150)
    within, draining, after = bystander(1.1, 120), bystander(1.21, 30), bystander(1.25, 2)
    everybody = [before, across, within, draining, after]
    (one,) = joined.join([stall(1.0)], everybody, [], drain=0.1)
    assert [each.bystander for each in one.hurt] == [across, within, draining]
    assert one.late == 2  # the one in the queue's end made it
    assert joined.explained([one], everybody) == (2, 2)


def test_a_request_without_an_answer_is_hurt_by_all_that_comes_after_it_was_due() -> None:
    lost = bystander(0.1, math.inf)
    first, second = joined.join([stall(0.05, 0.01), stall(5.0)], [lost], [])
    assert (first.hurt, second.late) == ([], 1)


def test_the_lateness_of_others_is_not_explained() -> None:
    found = joined.join([stall(1.0)], [late := bystander(3.0, 400)], [])
    assert joined.explained(found, [late]) == (1, 0)


def test_a_request_that_waited_for_a_slot_explains_nothing_itself() -> None:
    found = joined.join([stall(1.0, kind="queue", lines=[])], [late := bystander(1.1, 400)], [])
    assert joined.explained(found, [late]) == (1, 0)


def test_the_same_request_is_found_in_nginx_by_route_beginning_and_end_and_never_twice() -> None:
    lines = [
        stalled.asked(1.100, 0.100, "user", "/api/users/7?x=1"),
        stalled.asked(1.101, 0.100, "health"),
        stalled.asked(1.301, 0.300, "slow"),
        stalled.asked(1.100, 0.100, "other", "/api/users/7/news"),
    ]
    asked = list(access.lines("\n".join(lines)))
    bystanders = [
        bystander(1.0, 100, USER),
        bystander(1.0, 301),
        bystander(1.001, 100),
        bystander(1.002, 100),
        bystander(9, 1),
    ]
    found = joined.matched(bystanders, asked)
    assert [each and each.id for each in found] == ["user", "slow", "health", None, None]


def test_inside_are_those_whose_ids_the_process_knew() -> None:
    asked = list(access.lines("\n".join([stalled.asked(1.2, 0.2, "a" * 32), stalled.asked(1.21, 0.2, "c" * 32)])))
    (one,) = joined.join([stall(1.0)], [bystander(1.0, 200), bystander(1.01, 200)], asked)
    assert [each.inside for each in one.hurt] == [True, False]


def test_a_queue_lasts_as_much_longer_as_the_bystanders_use_of_the_stack() -> None:
    block = next(each for each in blocking.records(rounds=1) if isinstance(each, Block))
    used = 240 * 0.0006
    assert joined.drain_share(blocking.load(), block) == pytest.approx(used / (1 - used))
    assert joined.drain_share(blocking.load(), msgspec.structs.replace(block, blocked=None)) == 0


def test_stalls_of_one_line_are_one_place_and_a_victim_is_hurt_once() -> None:
    both = bystander(0.9, 700)
    found = joined.join([stall(1.0), stall(1.5, 0.3), stall(4.0, kind="busy")], [both], [])
    first, second = joined.places("blocking", "asgi", found)
    assert (first.place, first.stalls, first.longest, first.hurt, first.late) == ("asgi_app/lab.py:16", 2, 0.3, 1, 1)
    assert (first.seen, first.samples, first.in_flight) == (38, 40, 3)
    assert (second.place, second.kind, second.late) == ("", "busy", 0)


def test_what_is_no_line_of_the_log_is_left_out() -> None:
    cut = stalled.asked(1.0, 0.1)[:-20]
    assert list(access.lines(f"{cut}\n\nnan\t0\t\t\t\t\t\t\t\n{'9' * 400}\t0\t\t\t\t\t\t\t")) == []
    (one,) = access.lines(stalled.asked(1.0, 0.1, header="0.010, 0.090"))
    assert one.header == 0.09
    (none,) = access.lines(stalled.asked(1.0, 0.1, header="-"))
    assert none.header is None
