"""Reports of runs that lack something: rounds, blocks, CPUs, scenarios or samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem import report
from tandem.judge.metrics import METRICS
from tandem.judge.reasons import Reason
from tandem.judge.summary import summarise
from tandem.plan import scenarios
from tandem.report import reasons, wording
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, synthesise
from tests.tandem.report import pages
from tests.tandem.report.pages import Page


def test_an_untrusted_run_says_so_first() -> None:
    page, markdown = pages.quick(factors={**pages.FACTORS, (DECOY, "read", "p50"): 1.3})
    assert "bad" in page.classes
    assert page.text.count(f" {ASGI} is ") == 1
    assert page.text.index("UNTRUSTED") < page.text.index(f" {ASGI} is ")
    assert markdown.startswith("**UNTRUSTED")
    assert {row[1] for row in page.table("advice")[1:]} == {"no advice"}


def test_an_undecided_run_says_what_it_could_have_seen() -> None:
    page, markdown = pages.quick(scatter=0.3, factors={})
    found = summarise(synthesise(scatter=0.3))
    smallest = [wording.effect(METRICS[c.metric], c.smallest) for c in found.comparisons if c.kind == "headline"]
    assert len(smallest) == 7
    assert all(page.text.count(effect) for effect in smallest)
    assert "undecided |" in markdown


def unjudged(page: Page) -> bool:
    """Tell whether no chip of the page shows a verdict."""
    return not {"better", "worse", "same"} & set(page.classes)


@pytest.mark.parametrize("measured", [0, 1, 4])
def test_a_broken_off_run_is_reported_as_far_as_it_goes(measured: int) -> None:
    page, markdown = pages.quick(measured=measured)
    why = reasons.text(Reason(code="broken off", rounds=measured, planned=9))
    for text in (page.text, markdown):
        assert why[1:] in text
    assert "mild" in page.classes
    assert unjudged(page)
    assert not unjudged(pages.quick()[0])


@pytest.mark.usefixtures("only_svg")
def test_a_round_that_was_cut_short_is_shown_but_not_compared(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise()[:3])
    found = report.write(tmp_path)
    assert found.rounds_complete == 0
    assert not list((tmp_path / "img").glob("ratios*"))
    assert "No round is complete and valid" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [m.rounds for m in found.measures if m.scenario == "read"].count([1]) == 2


@pytest.mark.usefixtures("only_svg")
def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(measured=2))
    path = tmp_path / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert report.write(tmp_path).rounds_complete == 1


def test_one_cpu() -> None:
    one = synthetic.provenance(cpus=[0], stack_cpus=[0], generator_cpus=[0])
    page, _ = pages.quick(provenance=one, suspect=["only one CPU"])
    assert unjudged(page)
    assert "only one CPU" in page.text


def test_a_run_without_waiting_has_no_prediction() -> None:
    loads = [load for load in synthetic.run().loads if load.scenario != "waiting"]
    page, _ = pages.quick(loads=loads)
    assert "waiting" not in page.ids
    assert scenarios.known()["waiting"].situation not in [row[0] for row in page.table("advice")]


@pytest.mark.usefixtures("only_svg")
def test_a_report_without_samples_shows_the_blocks_percentiles(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(), raw=False)
    found = report.write(tmp_path)
    assert found.trusted
    assert all(m.pooled is None and m.p50_ms is not None for m in found.measures)
    assert not list((tmp_path / "img").glob("percentiles-*"))
