"""What the doctor says of processors and what others do with them: each fault by files that claim it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.doctor import processors
from tandem.observe import host, interference
from tests.support import synthetic
from tests.tandem.doctor.kernel_files import put


@pytest.mark.parametrize(
    ("cpus", "allowed", "states"),
    [(1, [0], ["bad"]), (2, [0, 1], ["bad"]), (1, [0, 1], ["ok"]), (1, [0, 2], ["ok", "note"]), (3, range(8), ["ok"])],
)
def test_cpus(cpus: int, allowed: list[int], states: list[str]) -> None:
    siblings = {cpu: [cpu] for cpu in allowed} | ({0: [0, 2], 2: [0, 2]} if 2 in allowed and 1 not in allowed else {})
    assert [each.state for each in processors.cpus(cpus, allowed, siblings)] == states


@pytest.mark.parametrize(("quota", "state"), [("max", "ok"), ("400000", "ok"), ("250000", "note"), ("150000", "bad")])
def test_a_quota(fake_root: Path, quota: str, state: str) -> None:
    put(fake_root / "self/cgroup", "0::/\n")
    put(fake_root / "cgroup.procs", "")
    put(fake_root / "cpu.max", f"{quota} 100000\n")
    assert processors.quota(4).state == state


def test_the_frequency(fake_root: Path) -> None:
    assert processors.frequency([0]).state == "ok"  # not told
    put(fake_root / "cpu0/cpufreq/scaling_governor", "performance\n")
    assert processors.frequency([0]).text == "fixed"
    put(fake_root / "cpufreq/boost", "1\n")
    assert "boost is on" in processors.frequency([0]).text
    put(fake_root / "cpufreq/boost", "0\n")
    put(fake_root / "intel_pstate/no_turbo", "0\n")
    assert processors.frequency([0]).state == "note"
    put(fake_root / "intel_pstate/no_turbo", "1\n")
    put(fake_root / "cpu1/cpufreq/scaling_governor", "powersave\n")
    assert processors.frequency([0]).state == "ok"
    assert "the governor is powersave" in processors.frequency([0, 1]).text


def test_virtualisation_and_clock(fake_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, state in ((None, "ok"), ("KVM", "note")):
        monkeypatch.setattr(host, "hypervisor", lambda name=name: name)
        assert processors.virtualised().state == state
    for clock, state in (("tsc", "ok"), ("kvm-clock", "ok"), ("hpet", "note"), ("acpi_pm", "note")):
        put(fake_root.parent / "clocksource/clocksource0/current_clocksource", f"{clock}\n")
        found = processors.clock()
        assert (found.name, found.state) == ("clock", state)
        assert found.text.startswith(clock)


def test_a_kernel_without_run_queue_delay(fake_root: Path) -> None:
    assert processors.generator_waiting().state == "note"


def states(**shares: float | None) -> dict[str, str]:
    """Return the states of what a look finds."""
    look = interference.Activity(synthetic.interference(**shares), ["cc1 (4711) 58 %"])
    return {each.name: each.state for each in processors.activity(look)}


def test_what_others_do() -> None:
    assert set(states().values()) == {"ok"}
    assert states(others_cpu_share=0.05)["others"] == "note"
    assert states(others_cpu_share=0.2)["others"] == "bad"
    assert states(others_cpu_share=None)["others"] == "note"
    assert states(steal_share=0.03)["stolen CPU"] == "note"
    assert states(steal_share=0.06)["stolen CPU"] == "bad"
    assert states(steal_share=None)["stolen CPU"] == "note"
    assert states(throttled_share=None)["throttling"] == "note"
    assert states(pressure_share=None)["pressure"] == "note"
    look = interference.Activity(synthetic.interference(others_cpu_share=0.2), ["cc1 (4711) 58 %"])
    assert "cc1 (4711) 58 %" in next(iter(processors.activity(look))).text
