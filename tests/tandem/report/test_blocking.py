"""What happens to everyone else when something blocks: the first screen, the section, and every request around a block."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tandem import report
from tandem.judge.reasons import Reason
from tandem.judge.summary import Summary, summarise
from tandem.records.block import Block
from tandem.records.journal import Record
from tandem.report import answers, charts, html, markdown, reasons, sentences
from tandem.report.advice import advised
from tests.support import blocking, raw_file, synthetic
from tests.support.synthetic import ASGI, WSGI
from tests.tandem.report.pages import Page


def answer(summary: Summary) -> str:
    """What the first screen says of it."""
    (line,) = {each.question: each.lines for each in answers.answers(summary)}[blocking.QUESTION]
    return line


def test_the_answer_has_the_numbers_of_each_stack_beside_the_prediction_and_the_verdict() -> None:
    found = answer(summarise(blocking.records()))
    assert re.findall(r"[+\d]+", found) == ["200", "48", "100", "0", "0", "28", "28", "+28", "+28", "+28", "95"]
    assert found.index("0 on wsgi-gthread") < found.index("28 on asgi") < found.index("asgi − wsgi-gthread: +28")
    assert found.endswith(": worse")


def test_nothing_on_either_is_an_answer_too() -> None:
    summary = summarise(blocking.records(late={}, profile="standard", decoy=True, rounds=9))
    assert "0 on asgi (arithmetic: 0)" in answer(summary)
    assert answer(summary).endswith(": no practical difference")
    page = Page(html.render(summary, charts.draw(summary, {}), [], []))
    assert [row[2] for row in page.table("harmed")[1:]] == ["0.0", "0.0", "0.0"]
    assert "no practical difference" in markdown.render(summary, charts.draw(summary, {}))


def test_before_a_round_is_valid_there_is_no_answer() -> None:
    summary = summarise(blocking.records(edit=synthetic.burner))
    assert blocking.QUESTION not in {each.question for each in answers.answers(summary)}
    drawn = charts.draw(summary, {})
    page = Page(html.render(summary, drawn, [], []))
    assert page.table("harmed")[1][2] != ""
    mark = sentences.mark(summary)
    assert [chart.title for chart in drawn if not chart.title.endswith(mark)] == []
    assert [name for name in ("harmed", "harmed-routes") if not page.captions[name].endswith(mark)] == []
    assert mark


def test_who_refuses_what_blocks_is_told_and_not_judged() -> None:
    def refuse(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI:
            block["blocked"] = blocking.blocked(0, completed=0, refused=8)

    summary = summarise(blocking.records(edit=refuse))
    (why,) = (c.reason for c in summary.comparisons if c.kind == "headline")
    assert why == Reason(code="blockers not completed", stack=ASGI)
    assert "56 of the 56" in answer(summary)
    assert answer(summary).endswith(f"; {reasons.text(why)}")


def test_a_run_without_blockers_says_nothing_of_them() -> None:
    summary = summarise(synthetic.synthesise(9))
    assert blocking.QUESTION not in {each.question for each in answers.answers(summary)}
    page = Page(html.render(summary, charts.draw(summary, {}), [], []))
    assert "blocking" not in page.ids
    assert blocking.QUESTION not in page.text


def test_what_to_choose_follows_from_who_is_late() -> None:
    (row,) = advised(summarise(blocking.records()))
    assert (row.situation, row.choice) == (blocking.load().situation, WSGI)
    assert "worse (+28 " in row.why


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with raw samples, reported."""
    folder = tmp_path_factory.mktemp("blocking")
    records = [_placed(record) for record in blocking.records()]
    synthetic.write(folder, records, raw=False)
    for record in records:
        if isinstance(record, Block):
            raw_file.write(folder / record.samples, blocking.raw_samples(record.stack == ASGI))
    report.write(folder)
    return folder


def _placed(record: Record) -> Record:
    """Say where the window of a block lies."""
    return blocking.placed(record) if isinstance(record, Block) else record


def test_the_report_shows_every_request_of_every_round(folder: Path) -> None:
    page = Page((folder / "report.html").read_text())
    assert {"blocking", "answers"} <= set(page.ids)
    wsgi, asgi = page.table("dots-1")[1:]
    assert (wsgi[0], wsgi[1], wsgi[2], asgi[0]) == (WSGI, str(7 * 2400), "0", ASGI)
    assert int(asgi[2]) == pytest.approx(7 * 8 * 24, abs=7 * 16)


def test_the_dots_reach_over_the_whole_window_and_weigh_little(folder: Path) -> None:
    drawn = (folder / "img" / "dots-1.svg").read_text()
    paths = re.findall(r'<path d="((?:M\d+,\d+h\.01)+)"[^>]* opacity="([\d.]+)"', drawn)
    assert [opacity for _, opacity in paths] == ["0.35", "0.9"] * 2
    teeth = {int(x) // 50 for x, y in re.findall(r"M(\d+),(\d+)h", paths[-1][0]) if int(y) < 50}
    assert teeth == {3, 4, 5, 6}  # of ten parts of the window, those in which something blocked
    flat = {int(x) // 50 for x, _ in re.findall(r"M(\d+),(\d+)h", paths[1][0])}
    assert set(range(10)) <= flat
    assert len(drawn) < 100_000


def test_the_median_of_the_rounds_is_a_line_over_the_dots(folder: Path) -> None:
    drawn = (folder / "img" / "dots-1.svg").read_text()
    wsgi, asgi = re.findall(r'<path d="(M[^"]*)"[^>]* stroke="#1f2328"', drawn)
    heights = [[float(y) for _, y in re.findall(r"([-\d.]+),([-\d.]+)", line)] for line in (wsgi, asgi)]
    assert all(len(line) > 100 for line in heights)
    assert max(heights[0]) - min(heights[0]) < 2  # nobody stands
    assert max(heights[1]) - min(heights[1]) > 60  # teeth


def test_blockers_are_no_bystanders_in_the_percentiles(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    assert "GET /lab/sleep" in text  # how it was driven
    assert "samples, but" not in text
    assert {row[0] for row in Page(text).table("routes-blocking")[1:]} == set(blocking.ROUTES)
