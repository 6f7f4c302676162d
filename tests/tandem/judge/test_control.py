"""The control of kinds that compute: only harm beyond that of a CPU which is taken counts as blocking."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import msgspec

from tandem.drive import burner
from tandem.experiments import harmed
from tandem.experiments.harmed import Queues
from tandem.judge import control
from tandem.judge.summary import Summary, summarise
from tandem.judge.verdict import Ratio
from tandem.observe import phases
from tandem.records.block import Block
from tandem.records.journal import Record
from tandem.records.setup import Blocking, Headline, Run
from tandem.report import answers, charts, html, lines, markdown, wording
from tests.support import blocking, synthetic
from tests.support import stalled as stalled_run
from tests.support.synthetic import ASGI, WSGI
from tests.tandem.report.pages import Page

COMPUTE = msgspec.structs.replace(blocking.BLOCKING, row="compute", query="ms=200")
CONTROL = msgspec.structs.replace(COMPUTE, control=True)
LATE = {("compute", ASGI): 28, ("compute", WSGI): 10, ("compute control", ASGI): 6, ("compute control", WSGI): 8}


def records(rounds: int = 6, late: dict[tuple[str, str], int] = LATE, judged: bool = False) -> list[Record]:
    """A run whose computing makes 28 late on asgi, of which its control has 6, and 10 of 8 on wsgi-gthread, unless given."""

    def change(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(late.get((block["scenario"], block["stack"]), 0))

    given: list[tuple[str, Blocking]] = [("compute", COMPUTE), ("compute control", CONTROL)]
    loads = [blocking.load(decoy=False, scenario=name, blocking=each) for name, each in given]
    headlines = [Headline(scenario="compute", metric="late")] if judged else []
    return synthetic.synthesise(rounds, change=change, loads=loads, headlines=headlines, profile="lab-headline")


def test_what_the_control_has_is_taken_from_each_round() -> None:
    found = records()
    (run,) = (each for each in found if isinstance(each, Run))
    blocks = [each for each in found if isinstance(each, Block)]
    beyond = {each.stack: each for each in control.beyond(run.loads, blocks)}
    assert {name: each.estimate for name, each in beyond.items()} == {ASGI: 22, WSGI: 2}
    assert beyond[ASGI].interval == (22, 22)
    assert len(beyond[ASGI].differences) == 6
    assert control.beyond(run.loads[:1], blocks) == []


def headline(summary: Summary) -> Ratio:
    (found,) = (each for each in summary.comparisons if each.kind == "headline")
    return found


def test_the_headline_is_judged_on_what_lies_beyond_the_control() -> None:
    summary = summarise(records(8, judged=True))
    c = headline(summary)
    assert (c.estimate, c.beyond, c.verdict) == (20, "compute control", "worse")  # 28 − 10, less 6 − 8
    (line, burnt) = {each.question: each.lines for each in answers.answers(summary)}[blocking.QUESTION]
    assert re.search(r"28 on asgi \([^)]* 28; [^)]* 6\)", line)  # predicted, and of the control
    assert f"asgi − wsgi-gthread{wording.beyond_control(c)}: +20 requests" in line
    assert re.search(r" 8 on wsgi-gthread .* 6 on asgi ", burnt)
    said = markdown.render(summary, [])
    assert f"{wording.titled(c)} | asgi | 10, control 8 | 28, control 6" in said


def test_harm_that_a_taken_cpu_does_alone_is_no_difference() -> None:
    late = {("compute", ASGI): 12, ("compute control", ASGI): 12}
    c = headline(summarise(records(8, late, judged=True)))
    assert (c.verdict, c.estimate) == ("no practical difference", 0)


def test_the_report_shows_it_with_prices_and_lines(tmp_path: Path) -> None:
    folder = stalled_run.write(tmp_path)
    stood = lines.read(folder, *stalled_run.recorded(folder))
    found = records()
    summary = summarise(found)
    blocks = [each for each in found if isinstance(each, Block)]
    page = Page(html.render(summary, charts.draw(summary, {}), blocks, [], None, stood))
    assert [row[1:3] for row in page.table("harmed-beyond")[1:]] == [[ASGI, "22.0"], [WSGI, "2.0"]]
    assert page.table("harmed-prices")[1][:2] == ["compute", WSGI]
    assert page.table("lines")[1][4] == "asgi_app/lab.py:16"


def test_a_control_is_all_completed_and_holds_no_place(tmp_path: Path) -> None:
    samples = blocking.raw_samples(stands=False)
    window = synthetic.START, synthetic.START + 10
    found = harmed.blocked(CONTROL, samples, window, 0.0006, Queues(1, 1))
    assert (found.blockers, found.completed, found.predicted) == (8, 8, [0, 0, 0])
    assert [each.due - synthetic.START for each in harmed.burnt(CONTROL, window)] == [3 + n / 2 for n in range(8)]
    assert phases.moments(CONTROL, window)[1] == synthetic.START + 3


def test_a_burner_uses_as_much_cpu_as_it_is_told() -> None:
    before = time.process_time()
    burner.burn(time.time() - 1, 100, 3, 0.02)
    assert time.process_time() - before >= 0.06
