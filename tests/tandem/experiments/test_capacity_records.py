"""What a search for capacity leaves: records that it goes on from, refused where they are none, and pages."""

from __future__ import annotations

import json
import os
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
from tandem.plan import capacity as planning
from tandem.plan import comparison, profiles, stacks
from tandem.plan.capacity import CapacityPlan
from tandem.records import journal
from tandem.records.capacity import CAPACITY_FILE, CapacityRecord, Try
from tandem.report import capacity, schema
from tests.support import synthetic
from tests.tandem.experiments.curves import Curves, knees, search
from tests.tandem.report.pages import Page


@pytest.mark.usefixtures("only_svg")
def test_a_search_that_broke_off_keeps_what_it_has_and_goes_on(search_plan: CapacityPlan, tmp_path: Path) -> None:
    curves = knees(**{"wsgi-gthread": 400, "asgi": 520})
    whole = search(search_plan, Curves(curves), tmp_path / "whole")
    with pytest.raises(RunFailed, match="died"):
        search(search_plan, Curves(curves, fail_at=8), tmp_path / "run")
    broken = judging.judge(searching.read(tmp_path / "run"))
    assert {one.state for one in broken.found} == {"interrupted"}
    assert broken.end is not None
    assert "died" in broken.end.reason
    assert report.write_capacity(tmp_path / "run").higher == []

    past = searching.read(tmp_path / "run")
    searching.refuse_other(past, search_plan)
    CapacitySearch(search_plan, Curves(curves), tmp_path / "run", lambda _: None).resume(past)
    found = judging.judge(searching.read(tmp_path / "run"))
    assert [one.bracket for one in found.found] == [one.bracket for one in whole.found]
    with pytest.raises(TandemError, match=r"nothing is missing.*`tandem report`"):
        searching.refuse_other(searching.read(tmp_path / "run"), search_plan)


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


def test_another_search_is_not_resumed(search_plan: CapacityPlan, tmp_path: Path) -> None:
    with pytest.raises(RunFailed):
        search(search_plan, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520}), fail_at=4), tmp_path / "run")
    other = planning.of(search_plan.site, search_plan.rows, target_ms=50)
    with pytest.raises(TandemError, match="service levels"):
        searching.refuse_other(searching.read(tmp_path / "run"), other)


def test_records_that_do_not_fit_together_are_refused(search_plan: CapacityPlan, tmp_path: Path) -> None:
    search(search_plan, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), tmp_path / "run")
    lines: list[CapacityRecord] = searching.read(tmp_path / "run")
    tried = next(line for line in lines if isinstance(line, Try) and line.rate)
    for wrong in (msgspec.structs.replace(tried, rate=401.5), msgspec.structs.replace(tried, scenario="zebra")):
        with pytest.raises(ValueError, match="a try"):
            judging.courses([lines[0], wrong])
    with pytest.raises(ValueError, match="first line"):
        judging.courses(lines[1:])


@pytest.mark.parametrize("line", ["zebra", "[]", '{"type": "end"}', '{"type": "search", "levels": "all"}'])
def test_records_that_are_none_are_a_sentence(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / CAPACITY_FILE).write_text(f"{line}\n{line}\n")
    assert cli.run(["report", str(tmp_path)]) == 2
    assert "no record" in capsys.readouterr().err


def test_a_strangers_names_lead_nowhere_and_are_shown_as_text(search_plan: CapacityPlan, tmp_path: Path) -> None:
    folder, name = tmp_path / "run", "../../<b>zebra"
    search(search_plan, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), folder)
    (folder / CAPACITY_FILE).write_text(
        (folder / CAPACITY_FILE).read_text().replace('"scenario":"read"', f'"scenario":"{name}"')
    )
    report.write_capacity(folder)
    assert {path.name for path in (folder / "img").iterdir()} == {"capacity-1.svg", "capacity-1.png"}
    assert "<b>" not in (folder / "report.html").read_text()


@pytest.mark.usefixtures("only_svg")
def test_the_page_shows_sentences_numbers_and_curves(search_plan: CapacityPlan, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    search(search_plan, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), folder)
    report.write_capacity(folder)
    page = Page((folder / "report.html").read_text())
    assert {"capacity.csv", "capacity-1.csv"} <= {*page.files}
    text = " ".join(" ".join(page.words).split())
    said = capacity.texts(judging.judge(searching.read(folder)))
    assert len(said) == 2
    assert [line for line in said if line not in text] == []
    svg = (folder / "img" / "capacity-1.svg").read_text()
    assert "100 ms" in svg
    assert "asgi" in (folder / "report.md").read_text()
    for told in (text, (folder / "report.md").read_text()):
        assert "SQLite 3.53.4 (WAL, synchronous=NORMAL)" in told


@pytest.mark.usefixtures("only_svg")
def test_a_comparison_that_ends_with_a_search_shows_it(search_plan: CapacityPlan, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    search(search_plan, Curves(knees(**{"wsgi-gthread": 400, "asgi": 520})), folder)
    for record in synthetic.synthesise(rounds=7):
        journal.append(folder / journal.RECORDS, record)
    report.write(folder)
    page = Page((folder / "report.html").read_text())
    assert "capacity" in page.ids
    assert "capacity-1.csv" in page.files
    assert capacity.texts(judging.judge(searching.read(folder)))[0] in (folder / "report.md").read_text()
    written = json.loads((folder / "summary.json").read_text())
    jsonschema.validate(written, schema.schema())
    found = {each["stack"]: each for each in written["capacity"]["found"]}
    assert found["asgi"]["state"] == "settled"
    assert found["wsgi-gthread"]["bracket"]["missed"] < found["asgi"]["bracket"]["met"]
    assert [(each["stack"], each["than"]) for each in written["capacity"]["higher"]] == [("asgi", "wsgi-gthread")]
    report.write_capacity(folder)
    assert json.loads((folder / "capacity.json").read_text()) == written["capacity"]
