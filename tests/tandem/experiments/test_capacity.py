"""The search for capacity, with stacks that are only curves."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import msgspec
import pytest

from tandem import report
from tandem.cli import main as cli
from tandem.errors import RunFailed, TandemError
from tandem.experiments import capacity as searching
from tandem.experiments.capacity import CapacitySearch
from tandem.judge import capacity as judging
from tandem.judge import tries
from tandem.judge.capacity import Capacities, State
from tandem.plan import capacity as planning
from tandem.plan import comparison, profiles, stacks
from tandem.plan.capacity import CapacityPlan
from tandem.plan.order import Slot
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.capacity import FILE, Line, Try
from tandem.records.setup import Calibration, Load
from tandem.report import schema
from tests.support import synthetic
from tests.tandem.report.pages import Page

Answers = Callable[[str, float], dict[str, object]]


def block(**changes: object) -> Block:
    """A block of a quiet machine, changed as given."""
    usual = synthetic.round_of(synthetic.run(), random.Random(1), 1)[0]
    return msgspec.structs.replace(usual, **changes)


def knees(**at: float) -> Answers:
    """Stacks whose p99 leaps from 20 ms to 2 s beyond a rate of their own."""
    return lambda stack, rate: {"p99_ms": 20.0 if rate <= at[stack] else 2000.0}


class Curves:
    """An executor whose stacks answer as told; `fail_at` breaks off in the block with this number."""

    def __init__(self, answers: Answers, cpu_ms: float = 2.0, fail_at: int = 0) -> None:
        self.answers, self.cpu_ms, self.fail_at = answers, cpu_ms, fail_at
        self.order: list[tuple[str, float]] = []
        self.keys: dict[tuple[float, int], set[str]] = {}

    def prove(self) -> int:
        return 42

    def calibrate(self) -> Calibration | None:
        return None

    @contextmanager
    def stack(self, name: str) -> Iterator[Curves]:
        self.name = name
        yield self

    def prepare(self, load: Load, key: str) -> None:
        self.key = key

    def start(self) -> None:
        pass

    def measure(self, load: Load, slot: Slot) -> Block:
        if len(self.order) + 1 == self.fail_at:
            raise RunFailed("the stack died")
        self.order.append((self.name, load.rate))
        self.keys.setdefault((load.rate, slot.round), set()).add(self.key)
        facts = {**slot._asdict(), "scenario": load.scenario, "stack": self.name}
        if load.saturates:
            cpu = self.cpu_ms * 4 * 500 / 1000
            return block(
                **facts, requests=2000, arrivals=2000, saturating=64, app_cpu_seconds=cpu, nginx_cpu_seconds=0.0
            )
        arrivals = int(load.rate * load.seconds)
        return block(**facts, arrivals=arrivals, requests=arrivals, **self.answers(self.name, load.rate))


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> CapacityPlan:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return planning.plan(stacks.load(), names=["wsgi-gthread", "asgi"], scenarios=["read"], seed=3)


def search(plan: CapacityPlan, executor: Curves, folder: Path, said: list[str] | None = None) -> Capacities:
    """Search from the beginning, and judge what is on disk."""
    folder.mkdir(exist_ok=True)
    run = plan.site.run(synthetic.provenance(command=["tandem", "capacity"]), 42)
    CapacitySearch(plan, executor, folder, (said if said is not None else []).append).begin(run)
    return judging.judge(searching.read(folder))


def test_each_stack_gets_its_bracket_and_only_the_higher_one_a_verdict(planned: CapacityPlan, tmp_path: Path) -> None:
    said: list[str] = []
    executor = Curves(knees(**{"wsgi-gthread": 400, "asgi": 520}))
    found = search(planned, executor, tmp_path / "run", said)
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


@pytest.mark.parametrize(
    ("answers", "state", "says"),
    [
        (lambda stack, rate: {"p99_ms": 2000.0}, "never", "meets it at no rate"),
        (
            lambda stack, rate: (
                {"p99_ms": 20.0 if rate < 900 else 300.0}
                | ({} if rate < 900 else {"interference": synthetic.interference(generator_cpu_share=0.97)})
            ),
            "at least",
            "the load generator was the limit",
        ),
        (
            lambda stack, rate: {"p99_ms": 2000.0, "interference": synthetic.interference(others_cpu_share=0.5)},
            "spoiled",
            "other programs",
        ),
        (
            lambda stack, rate: (
                {"p99_ms": 20.0 if rate < 300 else 2000.0}
                | {"interference": synthetic.interference(others_cpu_share=0.5)}
            ),
            "at least",
            "other programs on this machine were the limit",
        ),
    ],
)
def test_a_search_without_a_bracket_says_so_and_ends(
    planned: CapacityPlan, tmp_path: Path, answers: Answers, state: State, says: str
) -> None:
    found = search(planned, Curves(answers), tmp_path / "run")
    assert [one.state for one in found.found] == [state, state]
    assert found.higher == []
    report.write_capacity(tmp_path / "run")
    assert says in (tmp_path / "run" / "report.html").read_text()


def test_a_level_that_was_met_beside_others_was_met(planned: CapacityPlan, tmp_path: Path) -> None:
    """What is outside the stack makes answers later, never earlier: only what was missed beside it does not count."""
    busy = synthetic.interference(others_cpu_share=0.5)
    executor = Curves(lambda stack, rate: {"p99_ms": 20.0, "interference": busy} if rate <= 400 else {"p99_ms": 2000.0})
    found = search(planned, executor, tmp_path / "run")
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
    assert tries.meets(block(**{"arrivals": 1000, "requests": 1000, "p99_ms": 99.0, **changes}), 100) is met


def test_a_search_that_broke_off_keeps_what_it_has_and_goes_on(planned: CapacityPlan, tmp_path: Path) -> None:
    curves = knees(**{"wsgi-gthread": 400, "asgi": 520})
    whole = search(planned, Curves(curves), tmp_path / "whole")
    with pytest.raises(RunFailed, match="died"):
        search(planned, Curves(curves, fail_at=8), tmp_path / "run")
    broken = judging.judge(searching.read(tmp_path / "run"))
    assert {one.state for one in broken.found} == {"interrupted"}
    assert broken.end is not None
    assert broken.end.reason == "the stack died"
    assert report.write_capacity(tmp_path / "run").higher == []

    past = searching.read(tmp_path / "run")
    searching.refuse_other(past, planned)
    CapacitySearch(planned, Curves(curves), tmp_path / "run", lambda _: None).resume(past)
    found = judging.judge(searching.read(tmp_path / "run"))
    assert [one.bracket for one in found.found] == [one.bracket for one in whole.found]
    with pytest.raises(TandemError, match="nothing is missing"):
        searching.refuse_other(searching.read(tmp_path / "run"), planned)


def test_a_comparison_ends_with_its_searches_and_takes_up_those_that_broke_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    whole = comparison.plan(profiles.FULL, stacks.load(), scenarios=["read"], names=["wsgi-gthread", "asgi"], seed=1)
    run, curves = whole.run(synthetic.provenance(), 42), knees(**{"wsgi-gthread": 400, "asgi": 520})
    assert searching.unfinished(tmp_path, whole)
    with pytest.raises(RunFailed):
        searching.finish(whole, Curves(curves, fail_at=6), tmp_path, lambda _: None, run)
    assert searching.unfinished(tmp_path, whole)
    executor = Curves(curves)
    searching.finish(whole, executor, tmp_path, lambda _: None, run)
    assert not searching.unfinished(tmp_path, whole)
    found = judging.judge(searching.read(tmp_path))
    assert [(one.stack, one.state) for one in found.found] == [("wsgi-gthread", "settled"), ("asgi", "settled")]
    measured = len(executor.order)
    searching.finish(whole, executor, tmp_path, lambda _: None, run)
    assert len(executor.order) == measured
    usual = comparison.plan(profiles.QUICK, stacks.load(), seed=1)
    assert not searching.unfinished(tmp_path / "other", usual)


def test_another_search_is_not_resumed(planned: CapacityPlan, tmp_path: Path) -> None:
    with pytest.raises(RunFailed):
        search(planned, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520}), fail_at=4), tmp_path / "run")
    other = planning.of(planned.site, planned.rows, target_ms=50)
    with pytest.raises(TandemError, match="service levels"):
        searching.refuse_other(searching.read(tmp_path / "run"), other)


def test_records_that_do_not_fit_together_are_refused(planned: CapacityPlan, tmp_path: Path) -> None:
    search(planned, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), tmp_path / "run")
    lines: list[Line] = searching.read(tmp_path / "run")
    tried = next(line for line in lines if isinstance(line, Try) and line.rate)
    for wrong in (msgspec.structs.replace(tried, rate=401.5), msgspec.structs.replace(tried, scenario="zebra")):
        with pytest.raises(ValueError, match="a try"):
            judging.courses([lines[0], wrong])
    with pytest.raises(ValueError, match="first line"):
        judging.courses(lines[1:])


@pytest.mark.parametrize("line", ["zebra", "[]", '{"type": "end"}', '{"type": "search", "levels": "all"}'])
def test_records_that_are_none_are_a_sentence(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / FILE).write_text(f"{line}\n{line}\n")
    assert cli.run(["report", str(tmp_path)]) == 2
    assert "no record" in capsys.readouterr().err


def test_a_strangers_names_lead_nowhere_and_are_shown_as_text(planned: CapacityPlan, tmp_path: Path) -> None:
    folder, name = tmp_path / "run", "../../<b>zebra"
    search(planned, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), folder)
    (folder / FILE).write_text((folder / FILE).read_text().replace('"scenario":"read"', f'"scenario":"{name}"'))
    report.write_capacity(folder)
    assert {path.name for path in (folder / "img").iterdir()} == {"capacity-1.svg", "capacity-1.png"}
    assert "<b>" not in (folder / "report.html").read_text()


def test_the_page_shows_sentences_numbers_and_curves(planned: CapacityPlan, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    search(planned, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), folder)
    report.write_capacity(folder)
    page = Page((folder / "report.html").read_text())
    assert {"capacity.csv", "capacity-1.csv"} <= {*page.files}
    text = " ".join(" ".join(page.words).split())
    assert "the rate of wsgi-gthread" in text
    assert "read, p99 below 100 ms: wsgi-gthread serves " in text
    svg = (folder / "img" / "capacity-1.svg").read_text()
    assert "service level of 100 ms" in svg
    assert "asgi" in (folder / "report.md").read_text()


def test_a_comparison_that_ends_with_a_search_shows_it(planned: CapacityPlan, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    search(planned, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), folder)
    for record in synthetic.synthesise(rounds=7):
        journal.append(folder / journal.RECORDS, record)
    report.write(folder)
    page = Page((folder / "report.html").read_text())
    assert "capacity" in page.ids
    assert "capacity-1.csv" in page.files
    assert "the rate of wsgi-gthread" in (folder / "report.md").read_text()
    written = json.loads((folder / "summary.json").read_text())
    jsonschema.validate(written, schema.schema())
    found = {each["stack"]: each for each in written["capacity"]["found"]}
    assert found["asgi"]["state"] == "settled"
    assert found["wsgi-gthread"]["bracket"]["missed"] < found["asgi"]["bracket"]["met"]
    assert [(each["stack"], each["than"]) for each in written["capacity"]["higher"]] == [("asgi", "wsgi-gthread")]
    report.write_capacity(folder)
    assert json.loads((folder / "capacity.json").read_text()) == written["capacity"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenarios", "floor"], "'floor' has no capacity of a stack"),
        (["--scenarios", "zebra"], "unknown scenario 'zebra'"),
        (["--stacks", "zebra"], "unknown stack 'zebra'"),
        (["--stacks", ","], "needs a stack or more"),
        (["--scenarios", ","], "needs a scenario or more"),
        (["--target-ms", "20000"], "makes no sense"),
        (["--resume", "/nowhere"], "no capacity.jsonl in /nowhere"),
        (["--resume", "/nowhere", "--target-ms", "50"], "can't be changed"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert (
        cli.run(
            ["capacity", "--out", str(tmp_path / "results"), *arguments]
            if "--resume" not in arguments
            else ["capacity", *arguments]
        )
        == 2
    )
    assert says in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("target", ["0", "-5", "nan", "inf", "many"])
def test_a_target_that_is_no_time_is_refused(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["capacity", "--target-ms", target])
    assert ended.value.code == 2
    assert "is not a number above 0" in capsys.readouterr().err


def test_one_cpu_is_too_few(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert cli.run(["capacity"]) == 2
    assert "a search for capacity needs a CPU for the stack and one for the generator" in capsys.readouterr().err
