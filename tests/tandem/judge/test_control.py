"""The control of kinds that compute: only harm beyond that of a CPU which is taken counts as blocking."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec

from tandem.drive import burner
from tandem.experiments import harmed
from tandem.experiments.harmed import Queues
from tandem.judge import control
from tandem.judge.summary import summarise
from tandem.observe import phases
from tandem.records.block import Block
from tandem.records.journal import Record
from tandem.records.setup import Blocking, Run
from tandem.report import charts, html, lines
from tests.support import blocking, synthetic
from tests.support import stalled as stalled_run
from tests.support.synthetic import ASGI, WSGI
from tests.tandem.report.pages import Page

COMPUTE = msgspec.structs.replace(blocking.BLOCKING, row="compute", query="ms=200")
CONTROL = msgspec.structs.replace(COMPUTE, control=True)
LATE = {("compute", ASGI): 28, ("compute", WSGI): 10, ("compute control", ASGI): 6, ("compute control", WSGI): 8}


def records(rounds: int = 6) -> list[Record]:
    """A run whose computing makes 28 late on asgi, of which its control has 6, and 10 of 8 on wsgi-gthread."""

    def change(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(LATE.get((block["scenario"], block["stack"]), 0))

    given: list[tuple[str, Blocking]] = [("compute", COMPUTE), ("compute control", CONTROL)]
    loads = [blocking.load(decoy=False, scenario=name, blocking=each) for name, each in given]
    return synthetic.synthesise(rounds, change=change, loads=loads, headlines=[], profile="lab-headline")


def test_what_the_control_has_is_taken_from_each_round() -> None:
    found = records()
    (run,) = (each for each in found if isinstance(each, Run))
    blocks = [each for each in found if isinstance(each, Block)]
    beyond = {each.stack: each for each in control.beyond(run.loads, blocks)}
    assert {name: each.estimate for name, each in beyond.items()} == {ASGI: 22, WSGI: 2}
    assert beyond[ASGI].interval == (22, 22)
    assert len(beyond[ASGI].differences) == 6
    assert control.beyond(run.loads[:1], blocks) == []


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
