"""Rounds: which attempts count, what an extension may do, and what stays visible of the rest."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem.judge import validity
from tandem.judge.reasons import Reason
from tandem.judge.summary import summarise
from tandem.records.block import Block
from tandem.records.journal import Record
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI, synthesise


def without(records: list[Record], number: int, scenario: str, stack: str) -> list[Record]:
    return [
        r for r in records if not (isinstance(r, Block) and (r.round, r.scenario, r.stack) == (number, scenario, stack))
    ]


@pytest.mark.parametrize("stack", [WSGI, ASGI, DECOY])
def test_only_complete_rounds_count(stack: str) -> None:
    found = summarise(without(synthesise(), 4, "read", stack))
    assert (found.rounds_complete, found.rounds_valid, found.rounds_planned) == (8, 8, 9)
    assert not found.complete
    assert found.not_judged == Reason(code="broken off", rounds=8, planned=9)
    assert all(c.rounds == [1, 2, 3, 5, 6, 7, 8, 9] for c in found.comparisons)


def test_a_round_counts_with_its_last_attempt_that_was_not_spoiled() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["attempt"] == 1 and block["round"] in (2, 5) and block["stack"] == ASGI:
            block["p50_ms"] *= 50  # what the burner did to it

    found = summarise(synthesise(spoiled=[2, 5], change=change))
    assert (found.rounds_valid, found.trusted) == (9, True)
    one = next(c for c in found.comparisons if (c.stack, c.scenario, c.metric) == (ASGI, "read", "p50"))
    assert max(one.ratios) < 2
    assert (len(one.rounds), one.attempts_all) == (9, 11)
    assert one.estimate is not None
    assert one.estimate_all is not None
    assert one.estimate_all > one.estimate
    seen = found.disturbances
    assert [(f.round, f.attempt, f.scenario, f.level) for f in seen.rejected] == [
        (2, 1, "read", "INVALID"),
        (5, 1, "read", "INVALID"),
    ]
    assert any((cause.key, cause.value) == ("generator_waiting", 30) for cause in seen.rejected[0].causes)
    assert seen.blocks == {"VALID": 97, "SUSPECT": 0, "INVALID": 2}
    waiting = next(row for row in seen.table if row.cause == "run-queue delay of the generator")
    assert (waiting.worst, waiting.suspect_blocks, waiting.invalid_blocks) == (30, 0, 2)


def test_a_second_valid_attempt_replaces_the_first() -> None:
    records = synthesise()
    again = [
        msgspec.structs.replace(r, attempt=2, p50_ms=1.0) for r in records if isinstance(r, Block) and r.round == 3
    ]
    found = summarise([*records, *again])
    assert {c.ratios[2] for c in found.comparisons if c.metric == "p50"} == {1.0}
    assert summarise([*records, *again[:-1]]).comparisons == summarise(records).comparisons  # broken off in the midst


def spoiled(*numbers: int) -> synthetic.Change:
    """Disturb a block of every attempt of these rounds."""

    def change(block: dict[str, Any]) -> None:
        if block["round"] in numbers and block["stack"] == DECOY and block["scenario"] == "everyday":
            synthetic.burner(block)

    return change


def test_without_enough_valid_rounds_nothing_is_judged() -> None:
    found = summarise(synthesise(change=spoiled(4)))
    assert found.not_judged == Reason(code="too few rounds valid", rounds=8, planned=9, ratios=7, needed=9)
    assert (found.complete, found.rounds_complete, found.rounds_valid) == (True, 9, 8)
    assert [row.refused for row in found.advice] == 3 * [found.not_judged]
    assert {c.verdict for c in found.comparisons} == {"not judged"}
    assert {c.confidence for c in found.comparisons} == {0.95}


def test_with_enough_valid_rounds_left_there_are_verdicts() -> None:
    found = summarise(synthesise(rounds=11, change=spoiled(4, 9), factors={(ASGI, "read", "cpu"): 2}))
    assert (found.rounds_valid, found.trusted) == (9, True)
    assert next(c for c in found.comparisons if c.stack == ASGI).verdict == "worse"


def test_a_run_in_which_every_round_was_spoiled_shows_what_it_has() -> None:
    found = summarise(synthesise(change=spoiled(*range(1, 10))))
    assert found.not_judged == Reason(code="too few rounds valid", rounds=0, planned=9, ratios=7, needed=9)
    assert all(c.estimate is None and c.estimate_all is not None for c in found.comparisons)
    assert all(len(m.rounds) == 9 for m in found.measures)
    assert (found.shown, found.predictions) == ("rejected", [])
    assert summarise(synthesise(measured=1)[:-2]).shown == "incomplete"


def test_suspect_blocks_count_and_are_named() -> None:
    def change(block: dict[str, Any]) -> None:
        if (block["round"], block["stack"], block["scenario"]) == (3, ASGI, "waiting"):
            synthetic.uneasy(block)

    found = summarise(synthesise(change=change))
    assert (found.rounds_valid, found.trusted) == (9, True)
    assert [(f.round, f.stack, f.level) for f in found.disturbances.suspects] == [(3, ASGI, "SUSPECT")]
    assert found.disturbances.rejected == []


def test_what_the_machine_doesn_t_tell_is_named() -> None:
    blind = synthetic.interference(steal_share=None)
    found = summarise(synthesise(change=lambda block: block.update(interference=blind))).disturbances
    assert found.unreadable == [validity.STEAL.title]
    assert next(row for row in found.table if row.cause == validity.STEAL.title).worst is None


def test_a_planned_extension_has_half_the_error_at_each_look() -> None:
    first = summarise(synthesise(rounds=10, extension=3))
    second = summarise(synthesise(rounds=10, extension=3, extended_to=13))
    assert (first.rounds_planned, second.rounds_planned, second.rounds_valid) == (10, 13, 13)
    for found in (first, second):
        assert found.trusted
        assert {c.confidence for c in found.comparisons if c.kind == "headline"} == {1 - 0.05 / 14}
    assert len(second.comparisons[0].rounds) == 13


def test_a_first_look_needs_rounds_for_half_the_error() -> None:
    found = summarise(synthesise(rounds=10, extension=3, change=spoiled(1)))
    assert found.not_judged == Reason(code="too few rounds valid", rounds=9, planned=10, ratios=7, needed=10)


def test_an_extension_that_was_begun_must_be_finished() -> None:
    records = [*synthesise(rounds=10, extension=3), synthetic.resumed(13)]
    found = summarise(records)
    assert found.not_judged == Reason(code="broken off", rounds=10, planned=13)
    assert found.end is None


@pytest.mark.parametrize(("extension", "to", "counted"), [(0, 10, 9), (0, 14, 9), (3, 16, 12)])
def test_rounds_that_were_added_without_a_plan_count_for_nothing(extension: int, to: int, counted: int) -> None:
    """No version writes them any more; whoever looks at the numbers and then adds rounds may not choose when to stop."""

    def change(block: dict[str, Any]) -> None:
        if block["round"] > counted and block["stack"] == ASGI:
            block["p50_ms"] *= 50

    found = summarise(synthesise(extension=extension, extended_to=to, change=change))
    assert (found.rounds_planned, found.rounds_valid) == (counted, counted)
    assert all(c.rounds == list(range(1, counted + 1)) for c in found.comparisons)
    assert all(max(c.ratios) < 2 for c in found.comparisons if c.metric == "p50")


def test_a_planned_extension_that_breaks_off_is_not_judged() -> None:
    found = summarise(synthesise(extension=3, extended_to=11, factors={(ASGI, "read", "cpu"): 2}))
    assert found.not_judged == Reason(code="broken off", rounds=11, planned=12)


def test_a_run_that_was_resumed_to_finish_it_is_judged_as_planned() -> None:
    records = synthesise()
    blocks = [r for r in records if isinstance(r, Block)]
    again = [records[0], *blocks[:40], synthetic.resumed(9), *blocks[36:], records[-1]]
    found = summarise(again)
    assert found.comparisons == summarise(records).comparisons
    assert found.trusted
    assert len(found.resumed) == 1


def test_rounds_beyond_the_plan_are_left_out() -> None:
    records = synthesise()
    late = [msgspec.structs.replace(r, round=10, p50_ms=1e6) for r in records if isinstance(r, Block) and r.round == 9]
    assert summarise([*records, *late]).comparisons == summarise(records).comparisons
