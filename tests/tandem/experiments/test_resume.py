"""Resuming a run: under the same conditions or not at all."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tandem.cli import main as cli
from tandem.cli import measuring
from tandem.errors import TandemError
from tandem.experiments import resume, session
from tandem.judge.rounds import Rounds
from tandem.plan import capacity as planning
from tandem.plan import profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.run import Plan
from tandem.records import journal
from tandem.records.capacity import CAPACITY_FILE
from tandem.records.journal import RECORDS, End, Resumed
from tandem.records.setup import Provenance, Run
from tests.support import second_app, synthetic
from tests.support.locustfile import locustfile


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return plan(profiles.QUICK, stacks.load(), seed=3, rounds=8, extension=4)


def origin(planned: Plan) -> Provenance:
    return synthetic.provenance(
        cpus=planned.layout.allowed,
        stack_cpus=planned.layout.stack,
        generator_cpus=planned.layout.generator,
        command=["tandem", "compare", "--quick"],
    )


def run(planned: Plan, **changes: Any) -> Rounds:
    return Rounds([msgspec.structs.replace(planned.run(origin(planned), 42), **changes)])


def test_the_same_plan_and_conditions_pass(planned: Plan) -> None:
    resume.refuse_other_plan(run(planned).run, planned)
    resume.refuse_other_conditions(run(planned).run, origin(planned))


def test_another_plan_is_refused_by_name(planned: Plan) -> None:
    with pytest.raises(TandemError, match="the loads of this run"):
        resume.refuse_other_plan(run(planned, loads=run(planned).run.loads[:1]).run, planned)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"commit": "abc"}, "commit abc, "),
        ({"nginx": "1.22.0"}, "nginx 1.22.0, .*1.31.3"),
        ({"packages": {"flask": "0.1"}}, "flask 0.1, "),
        ({"stack_cpus": [7]}, r"stack_cpus \[7\], "),
    ],
)
def test_other_conditions_are_refused_by_name(planned: Plan, change: dict[str, Any], says: str) -> None:
    before = msgspec.structs.replace(origin(planned), **change)
    with pytest.raises(TandemError, match=says):
        resume.refuse_other_conditions(run(planned, provenance=before).run, origin(planned))


@pytest.mark.usefixtures("planned")
def test_an_app_of_ones_own_must_be_what_it_was(tmp_path: Path) -> None:
    """Nothing but its row and the files that it names say what another app is: the commit is that of this project."""

    load_test = tmp_path / "locust"
    stacks_file, file = second_app.write(tmp_path, locustfile(load_test), one="hello", two="hello")

    def today() -> Plan:
        known = stacks.load([stacks_file], [file])
        return plan(profiles.QUICK, known, names=["one", "two"], baseline="one", scenarios=["read"], seed=3)

    past = run(today())
    resume.refuse_other_plan(past.run, today())
    (load_test / "cache.pyc").write_bytes(b"of no account")
    resume.refuse_other_plan(past.run, today())
    (load_test / "locustfile.py").write_text("# another load")
    with pytest.raises(TandemError, match=r"\(load_test locustfile.py\)"):
        resume.refuse_other_plan(past.run, today())
    file.write_text(file.read_text().replace('"none"', '"few"').replace('["/entries"]', '["/up"]'))
    with pytest.raises(TandemError, match=r"\(load_test locustfile.py, \w+, warm_up\)"):
        resume.refuse_other_plan(past.run, today())


def test_a_run_of_before_has_no_digests_to_hold_against(planned: Plan) -> None:
    resume.refuse_other_plan(run(planned, app={}).run, planned)


def test_an_interrupted_run_keeps_its_rounds_and_a_planned_extension_adds_its_own(planned: Plan) -> None:
    assert resume.total(run(planned), False) == 8
    assert resume.total(run(planned), True) == 12


def test_only_what_was_planned_can_be_added(planned: Plan) -> None:
    with pytest.raises(TandemError, match="--plan-extension"):
        resume.total(run(planned, extension=0), True)
    extended = Rounds([run(planned).run, Resumed(date="", rounds=12, suspect=[], provenance=origin(planned))])
    with pytest.raises(TandemError, match="with --resume"):
        resume.total(extended, True)
    assert resume.total(extended, False) == 12


def test_a_run_that_is_whole_has_nothing_to_resume() -> None:
    with pytest.raises(TandemError, match="`tandem report`"):
        resume.total(Rounds(synthetic.synthesise()), False)


def test_uncommitted_changes_are_told(planned: Plan) -> None:
    clean, changed = (msgspec.structs.replace(origin(planned), dirty=dirty) for dirty in (False, True))
    assert resume.dirty([clean, clean]) == []
    assert "uncommitted" in resume.dirty([clean, changed])[0]


def resumed_with(monkeypatch: pytest.MonkeyPatch, folder: Path, began: list[str], *call: str) -> session.Conditions:
    """Return under which conditions a run that began so would be resumed."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    planned = plan(profiles.QUICK, stacks.load(), seed=3)
    journal.append(
        folder / RECORDS, planned.run(synthetic.provenance(command=["tandem", "compare", "--quick", *began]), 42)
    )
    seen: list[session.Conditions] = []
    monkeypatch.setattr(session, "resume_run", lambda *given: seen.append(given[4]))
    monkeypatch.setattr(measuring, "show", lambda *_: 0)
    assert cli.run(["compare", "--resume", str(folder), *call]) == 0
    return seen[0]


def test_what_was_allowed_at_the_start_is_allowed_when_it_is_resumed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    how = resumed_with(monkeypatch, tmp_path, ["--allow-dirty"])
    assert (how.allow_dirty, how.idle_seconds) == (True, 0)  # nothing is gained by waiting


@pytest.mark.parametrize(
    ("call", "allowed", "seconds"), [([], False, 60), (["--allow-dirty"], True, 0), (["--quiet-wait", "5"], False, 5)]
)
def test_how_long_a_resumed_run_waits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: list[str], allowed: bool, seconds: int
) -> None:
    how = resumed_with(monkeypatch, tmp_path, [], *call)
    assert (how.allow_dirty, how.idle_seconds) == (allowed, seconds)


def call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(arguments) == 2
    return capsys.readouterr().err


def test_wrong_calls_are_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no records.jsonl in" in call(["compare", "--resume", str(tmp_path)], capsys)
    (tmp_path / RECORDS).write_text("")
    assert "first line" in call(["compare", "--resume", str(tmp_path)], capsys)
    old = msgspec.structs.replace(synthetic.run(), format=1)
    journal.append(tmp_path / RECORDS, old)
    assert "format 1" in call(["compare", "--resume", str(tmp_path)], capsys)
    assert "--seconds can't" in call(["compare", "--resume", str(tmp_path), "--seconds", "5"], capsys)
    assert "--rounds can't" in call(["compare", "--resume", str(tmp_path), "--rounds", "9"], capsys)
    assert "--rounds can't" in call(["compare", "--extend", str(tmp_path), "--rounds", "9"], capsys)


def test_the_first_record_is_a_run_with_its_arguments(planned: Plan) -> None:
    first = run(planned).run
    assert isinstance(first, Run)
    assert first.provenance.command == ["tandem", "compare", "--quick"]


def test_a_run_of_which_only_the_capacity_is_missing_is_resumed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    given = ["--profile", "full", "--scenarios", "read", "--load", "saturation", "--rounds", "8"]
    whole = plan(profiles.FULL, stacks.load(), seed=3, scenarios=["read"], load="saturation", rounds=8)
    head = whole.run(synthetic.provenance(command=["tandem", "compare", *given]), 42)
    blocks = [block for n in range(1, 9) for block in synthetic.round_of(head, random.Random(n), n)]
    for record in (head, *blocks, End(date="", complete=True, reason="all rounds measured")):
        journal.append(tmp_path / RECORDS, record)
    seen: list[int] = []
    monkeypatch.setattr(session, "resume_run", lambda *given: seen.append(given[2]))
    monkeypatch.setattr(measuring, "show", lambda *_: 0)
    assert cli.run(["compare", "--resume", str(tmp_path)]) == 0
    assert seen == [8]
    part = planning.part_of(whole)
    assert part is not None
    journal.append(tmp_path / CAPACITY_FILE, part.search(head))
    journal.append(tmp_path / CAPACITY_FILE, End(date="", complete=True, reason="all searches are over"))
    assert "`tandem report`" in call(["compare", "--resume", str(tmp_path)], capsys)
