"""A second app is a second row: the real machinery proves, measures and records one that is nothing like the user database."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.cli import main as cli
from tandem.errors import RunFailed, TandemError
from tandem.experiments.rig import Rig
from tandem.launch import nginx
from tandem.plan import cpu_layout, profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.order import Slot
from tandem.plan.run import Plan
from tandem.records import journal
from tandem.records.block import Block
from tests.support import second_app
from tests.support.locustfile import locustfile

ASK = 'self.client.get("/entries")'


def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **greetings: str) -> Plan:
    """Plan a block of one second of each guest book."""
    files = second_app.write(tmp_path, locustfile(tmp_path / "locust", ASK), **greetings)
    layout = cpu_layout.layout(1, sorted(os.sched_getaffinity(0)))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    made = plan(
        profiles.QUICK, stacks.load([files[0]], [files[1]]), names=[*greetings], baseline=next(iter(greetings)),
        scenarios=["read"], seconds=1, warmup=1, rate=30, users=30, seed=1, slices=0,
    )  # fmt: skip
    monkeypatch.undo()
    return replace(made, layout=layout)


@pytest.mark.usefixtures("processes")
def test_a_second_app_is_proved_measured_and_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(planned(tmp_path, monkeypatch, one="hello", two="hello"), tmp_path / "run", nginx.find())
    [load] = rig.plan.loads
    with rig.ready():
        assert rig.prove() == 4
        assert rig.calibrate() is None
        assert not rig.snapshot.exists()
        assert rig.news is None
        with rig.stack("one") as stack:
            stack.prepare(load, "a key")
            stack.start()
            block = stack.measure(load, Slot(round=1, attempt=1, position=1))
    assert block.requests == block.arrivals > 0
    assert (block.failures, block.diagnostics.static_p50_ms, block.observed.database_connections) == (0, None, None)
    assert block.app_cpu_seconds > 0
    journal.append(tmp_path / "records.jsonl", block)
    [kept] = journal.read(tmp_path / "records.jsonl")
    assert isinstance(kept, Block)
    assert kept == block


@pytest.mark.usefixtures("processes")
def test_two_that_are_not_the_same_are_shown_by_its_own_probes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(planned(tmp_path, monkeypatch, one="hello", two="hi"), tmp_path / "run", nginx.find())
    with rig.ready(), pytest.raises(RunFailed, match=r"GET /entries \[Accept-Language: de\][\s\S]*-hello, visit \*"):
        rig.prove()


def test_its_stacks_have_no_connections_to_bound(tmp_path: Path) -> None:
    files = second_app.write(tmp_path, "locust", one="hello")
    budget = stacks.load([files[0]], [files[1]])["one"].budget(2)
    assert (budget.processes, budget.database_connections, budget.news_connections) == (2, 0, 0)


def test_it_is_listed_with_its_stacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = second_app.write(tmp_path, "locust", one="hello")
    assert cli.run(["stacks", "--stacks-file", str(files[0]), "--apps-file", str(files[1])]) == 0
    assert stacks.load([files[0]], [files[1]])["one"].title in capsys.readouterr().out


def test_stacks_of_different_apps_are_not_compared(tmp_path: Path) -> None:
    files = second_app.write(tmp_path, "locust", one="hello")
    known = stacks.load([files[0]], [files[1]])
    with pytest.raises(TandemError, match="guestbook and userdb"):
        plan(profiles.QUICK, known, names=["one", "asgi"], baseline="asgi", seed=1)


def test_it_has_no_database_to_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, apps = second_app.write(tmp_path, "locust", one="hello")
    call = ["seed", "--app", "guestbook", "--apps-file", str(apps), "--database", str(tmp_path / "x.db")]
    assert cli.run(call) == 2
    assert re.search("'guestbook' .* userdb", capsys.readouterr().err)
