"""The teaching app in examples/: uWSGI and its twin give the same pages, and the harness takes it as an app of its own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.experiments.rig import Rig
from tandem.launch import nginx
from tandem.paths import PROJECT
from tandem.plan import cpu_layout, profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.order import Slot
from tests.support.stacks import skip_without

FOLDER = PROJECT / "examples" / "lab_flask_sqlalchemy"
NAMES = ["lab-flask-sqlalchemy", "lab-starlette"]


@pytest.mark.usefixtures("processes")
def test_both_give_the_same_pages_and_are_measured(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = stacks.load([FOLDER / "stacks.toml"], [FOLDER / "apps.toml"])
    skip_without(f"the server of {NAMES[0]}", known[NAMES[0]].needs)
    layout = cpu_layout.layout(1, sorted(os.sched_getaffinity(0)))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    made = plan(
        profiles.QUICK, known, names=NAMES, baseline=NAMES[0], scenarios=["profile"],
        seconds=1, warmup=1, rate=20, users=30, seed=1, slices=0,
    )  # fmt: skip
    monkeypatch.undo()
    rig = Rig(replace(made, layout=layout), short / "run", nginx.find())
    load = rig.plan.loads[0]
    with rig.ready():
        assert rig.prove() == 4
        for name in NAMES:
            with rig.stack(name) as stack:
                stack.prepare(load, "a key")
                stack.start()
                block = stack.measure(load, Slot(round=1, attempt=1, position=1))
            assert block.failures == 0
            assert block.requests > 0
            assert block.workers_replaced == (0 if name == NAMES[0] else None)  # uWSGI counts its workers
