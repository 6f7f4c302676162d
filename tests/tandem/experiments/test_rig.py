"""The rig, with toys for stacks and a locustfile of the test's own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tandem.errors import RunFailed
from tandem.experiments.rig import Rig
from tandem.judge import validity
from tandem.launch import nginx
from tandem.observe import samples
from tandem.plan import cpu_layout, profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.order import Slot
from tandem.plan.run import Plan
from tests.support import toy
from tests.support.locustfile import locustfile
from tests.support.processes import alive


def planned(tmp_path: Path, scenario: str = "waiting") -> Plan:
    """Plan a block of one second on each of two toys."""
    file = tmp_path / "toys.toml"
    file.write_text(toy.table("one") + toy.table("two"))
    allowed = sorted(os.sched_getaffinity(0))
    layout = cpu_layout.layout(1, allowed)
    made = plan(
        profiles.QUICK,
        stacks.load([file]),
        names=["one", "two"],
        baseline="one",
        scenarios=[scenario],
        seconds=1,
        warmup=1,
        rate=30,
        users=30,
        seed=1,
        slices=0,
    )
    return replace(made, layout=layout)


@pytest.fixture
def rig(processes: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    made = planned(tmp_path)
    monkeypatch.undo()
    load_test = locustfile(tmp_path / "locust")
    asked = {
        name: msgspec.structs.replace(
            stack, application=msgspec.structs.replace(stack.application, load_test=load_test)
        )
        for name, stack in made.definitions.items()
    }
    return Rig(replace(made, definitions=asked), tmp_path / "run", nginx.find())


def test_what_blocks_on_purpose_is_proved_but_not_asked_within_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    rig = Rig(planned(tmp_path, "blocking"), tmp_path / "run", nginx.find())
    assert [each.target for each in rig.contract.probes if each.target.startswith("/lab/")]
    assert [each.target for each in rig.askable if each.target.startswith("/lab/")] == []
    assert len(rig.askable) > 20


def test_stacks_are_proved_the_same_and_measured(rig: Rig) -> None:
    load = rig.plan.loads[0]
    with rig.ready():
        assert rig.prove() > 30
        assert len(rig.scatter.probes) > 10
        with rig.stack("one") as stack:
            stack.prepare(load, "a key")
            stack.start()
            block = stack.measure(load, Slot(round=3, attempt=2, position=2))
            started = [*stack.running.keepers(), stack.running.nginx.pid]
            own = os.sched_getaffinity(0)
            assert all(os.sched_getaffinity(keeper) == own for keeper in stack.running.keepers())
    assert os.sched_getaffinity(0) == own
    assert (block.round, block.stack, block.scenario, block.position) == (3, "one", "waiting", 2)
    assert block.requests > 50
    assert (block.failures, block.unfinished) == (0, 0)
    assert 0 < block.app_cpu_seconds < 2
    assert 0 < block.nginx_cpu_seconds < 2
    assert 0 < block.interference.generator_cpu_share < 2
    # The test's own locustfile sends far more than the load says, which must not go unnoticed.
    assert block.lost_or_duplicated == abs(block.arrivals - 30)
    assert block.mismatched_requests == 0
    assert block.strays == 0
    assert (block.probes_answered, block.probes_different, block.probe_example) == (5, 0, "")
    assert "probes" not in {cause.key for cause in validity.judge(block).causes}
    assert block.cpu_gap_share is None or block.cpu_gap_share < 1
    assert block.observed.processes == 1
    assert block.observed.threads
    assert block.diagnostics.nginx_mean_ms is not None
    assert block.diagnostics.static_p50_ms
    assert block.app_memory_bytes is not None
    assert block.samples == "samples/round-03-attempt-2-waiting-one.csv.gz"
    kept = samples.read(rig.folder / block.samples)
    assert block.window_start is not None
    assert block.window_end == block.window_start + block.seconds
    assert len(samples.within(kept, block.window_start, block.window_end)) == block.arrivals == block.requests
    assert len(kept) > block.arrivals  # of the warm-up, too
    assert not any(alive(pid) for pid in started)
    assert not rig.work.exists()


def test_a_stack_that_hides_in_a_session_of_its_own_is_measured_and_told_to_stray(rig: Rig) -> None:
    burning = {
        name: msgspec.structs.replace(stack, command=[*stack.command[:-1], "burn"])
        for name, stack in rig.plan.definitions.items()
    }
    rig.plan = replace(rig.plan, definitions=burning)
    with rig.ready(), rig.stack("one") as stack:
        stack.prepare(rig.plan.loads[0], "a key")
        stack.start()
        block = stack.measure(rig.plan.loads[0], Slot(round=1, attempt=1, position=1))
        keepers = stack.running.keepers()
        assert all(alive(pid) for pid in keepers)
    assert block.app_cpu_seconds > 0.02
    assert block.observed.processes == 1
    assert block.app_memory_bytes
    assert block.strays
    assert "strays" in {cause.key for cause in validity.judge(block).causes}
    assert not any(alive(pid) for pid in keepers)


def test_a_stack_that_dies_in_a_block_stops_the_run_with_its_last_lines(rig: Rig, tmp_path: Path) -> None:
    text = (tmp_path / "locust" / "locustfile.py").read_text()
    (tmp_path / "locust" / "locustfile.py").write_text(text.replace('"/x"', '"/die"'))

    def work() -> None:
        with rig.ready(), rig.stack("two") as stack:
            stack.prepare(rig.plan.loads[0], "a key")
            stack.start()
            stack.measure(rig.plan.loads[0], Slot(round=1, attempt=1, position=1))

    with pytest.raises(RunFailed, match=r"two server 1 [\s\S]*dying"):
        work()
    assert not rig.work.exists()


def test_a_stack_that_answers_otherwise_once_it_is_measured_is_found(rig: Rig) -> None:
    """When it is started it keeps the promise at first; the load's own checks here look at nothing. An honest one: above."""
    honest = rig.plan.definitions
    with rig.ready():
        rig.prove()
        assert len(rig.scatter.probes) > 10
        rig.plan = replace(
            rig.plan,
            definitions={
                name: msgspec.structs.replace(stack, command=[*stack.command[:-1], "cheat"])
                for name, stack in honest.items()
            },
        )
        with rig.stack("one") as stack:
            stack.prepare(rig.plan.loads[0], "a key")
            stack.start()
            block = stack.measure(rig.plan.loads[0], Slot(round=1, attempt=1, position=1))
    assert block.failures == 0
    assert block.probes_answered == 5
    assert (block.probes_different or 0) >= 4  # what was kept is right for one of them
    assert "was kept" in block.probe_example
    assert {cause.key: cause.level for cause in validity.judge(block).causes}["probes"] == "INVALID"
