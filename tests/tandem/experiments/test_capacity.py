"""The search for capacity, with stacks that are only curves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tandem import report
from tandem.cli.parser import parser
from tandem.errors import TandemError
from tandem.judge import tries
from tandem.judge.capacity import SearchState
from tandem.plan import capacity as planning
from tandem.plan import stacks
from tandem.plan.capacity import CapacityPlan
from tandem.report import capacity
from tests.support import synthetic
from tests.support.executor import a_block
from tests.tandem.experiments.curves import Answers, Curves, knees, search


def test_each_stack_gets_its_bracket_and_only_the_higher_one_a_verdict(
    search_plan: CapacityPlan, tmp_path: Path
) -> None:
    said: list[str] = []
    executor = Curves(knees(**{"wsgi-gthread": 400, "asgi": 520}))
    found = search(search_plan, executor, tmp_path / "run", said)
    wsgi, asgi = found.found
    for one, knee in ((wsgi, 400), (asgi, 520)):
        assert one.state == "settled"
        assert one.bracket.met is not None
        assert one.bracket.missed is not None
        assert one.bracket.met <= knee < one.bracket.missed <= 1.06 * one.bracket.met
        assert one.cpu_ms == pytest.approx(2)
        assert one.by_cpu == pytest.approx(500)
    [verdict] = found.higher
    assert (verdict.stack, verdict.than) == ("asgi", "wsgi-gthread")
    assert verdict.least <= 520 / 400 <= (verdict.most or 0)
    assert found.end is not None
    assert found.end.complete
    # Stacks take turns, and are asked the same things at the same try of a rate.
    assert [name for name, _ in executor.order[:4]] != [executor.order[0][0]] * 4
    assert all(len(keys) == 1 for keys in executor.keys.values())
    assert any("left)" in line for line in said)


def test_what_a_scenario_waits_comes_on_top_of_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    plan = planning.plan(stacks.load(), names=["asgi"], scenarios=["read", "waiting"], target_ms=50, seed=1)
    assert [(level.scenario, level.target_ms) for level in plan.levels] == [("read", 50), ("waiting", 150)]
    assert plan.bounds()["waiting", "asgi"] == 1000


def test_the_stacks_are_on_the_database_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    names = ["wsgi-gthread", "asgi"]
    plan = planning.plan(stacks.load(), names=names, scenarios=["read"], seed=1, database="postgresql")
    used = [plan.site.definitions[name].application.database for name in names]
    assert [each and each.server for each in used] == ["postgresql"] * 2
    with pytest.raises(TandemError, match="'oracle'"):
        planning.plan(stacks.load(), names=names, scenarios=["read"], seed=1, database="oracle")
    assert parser().parse_args(["capacity", "--database", "postgresql"]).database == "postgresql"


@pytest.mark.parametrize(
    ("answers", "state", "limit"),
    [
        (lambda stack, rate: {"p99_ms": 2000.0}, "never", None),
        (
            lambda stack, rate: (
                {"p99_ms": 20.0 if rate < 900 else 300.0}
                | ({} if rate < 900 else {"interference": synthetic.interference(generator_cpu_share=0.97)})
            ),
            "at least",
            "generator",
        ),
        (
            lambda stack, rate: {"p99_ms": 2000.0, "interference": synthetic.interference(others_cpu_share=0.5)},
            "spoiled",
            None,
        ),
        (
            lambda stack, rate: (
                {"p99_ms": 20.0 if rate < 300 else 2000.0}
                | {"interference": synthetic.interference(others_cpu_share=0.5)}
            ),
            "at least",
            "others",
        ),
    ],
)
@pytest.mark.usefixtures("only_svg")
def test_a_search_without_a_bracket_says_so_and_ends(
    search_plan: CapacityPlan, tmp_path: Path, answers: Answers, state: SearchState, limit: str | None
) -> None:
    found = search(search_plan, Curves(answers), tmp_path / "run")
    assert [(one.state, one.bracket.limit) for one in found.found] == [(state, limit)] * 2
    assert found.higher == []
    report.write_capacity(tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_text()
    assert all(capacity.sentence(one) in page for one in found.found)


def test_a_level_that_was_met_beside_others_was_met(search_plan: CapacityPlan, tmp_path: Path) -> None:
    """What is outside the stack makes answers later, never earlier: only what was missed beside it does not count."""
    busy = synthetic.interference(others_cpu_share=0.5)
    executor = Curves(lambda stack, rate: {"p99_ms": 20.0, "interference": busy} if rate <= 400 else {"p99_ms": 2000.0})
    found = search(search_plan, executor, tmp_path / "run")
    assert {one.state for one in found.found} == {"settled"}


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, True),
        ({"p99_ms": 100.0}, False),
        ({"p99_ms": None}, False),
        ({"failures": 2}, False),  # of 1,000: 0.2 %
        ({"requests": 998, "dropped": 2}, False),
        ({"arrivals": 0, "requests": 0}, False),
    ],
)
def test_what_meets_a_level(changes: dict[str, object], met: bool) -> None:
    assert tries.meets(a_block(**{"arrivals": 1000, "requests": 1000, "p99_ms": 99.0, **changes}), 100) is met
