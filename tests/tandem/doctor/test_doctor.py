"""The doctor: each fault by files that claim it, and a whole examination of this machine."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tandem import topology
from tandem.doctor import durations, examination, processors, resources
from tandem.doctor.check import Check
from tandem.drive import generator
from tandem.errors import TandemError
from tandem.launch import nginx
from tandem.observe import host, interference, kernel
from tandem.records import run_folder
from tests.support import synthetic


@pytest.fixture
def fake_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands for /proc, /sys/fs/cgroup and /sys/devices/system/cpu alike, empty."""
    for module, name in ((kernel, "PROC"), (kernel, "CGROUP"), (topology, "SYSTEM_CPUS")):
        monkeypatch.setattr(module, name, tmp_path / "fake_root/cpu")
    return tmp_path / "fake_root/cpu"


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.usefixtures("processes")
def test_this_machine_is_examined(tmp_path: Path) -> None:
    found = examination.examine(folder=tmp_path / "not/yet/there", seconds=0.3)
    assert {each.state for each in found} <= {"ok", "note", "bad"}
    assert all(each.text and "\n" not in each.text for each in found)
    names = [each.name for each in found]
    assert names[:6] == ["Python", "Locust", "report", "nginx", "PostgreSQL", "commit"]
    assert {
        "CPUs",
        "CPU quota",
        "others",
        "stolen CPU",
        "memory",
        "swap",
        "disk",
        "file system",
        "ports",
        "time",
    } <= set(names)
    lines = examination.render(found).splitlines()
    assert len(lines) == len(found) + 2
    assert lines[0].startswith(found[0].state)


def test_how_long_runs_take_is_told_by_their_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    told = durations.durations(1)
    assert told.state == "ok"
    for part in ("quick ", "standard ", "full ", "at saturation", "then capacity", "; capacity "):
        assert part in told.text
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert durations.durations(1).state == "note"


def test_the_last_line_sums_up() -> None:
    ok, note, bad = Check("a", "ok", "x"), Check("bb", "note", "y"), Check("c", "bad", "z")
    assert examination.render([ok]) == "ok    a  x\n\nnothing would spoil a run"
    assert examination.render([ok, note]).splitlines() == [
        "ok    a   x", "note  bb  y", "", "nothing would spoil a run; 1 note to read its numbers by",
    ]  # fmt: skip
    assert examination.render([bad, bad, note]).splitlines()[-1].startswith("2 things would spoil a run")


def test_another_platform_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (found,) = examination.examine()
    assert (found.state, found.name) == ("bad", "platform")


def test_another_processor_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert examination.python().state == "note"
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert examination.python().state == "ok"


@pytest.mark.parametrize(
    ("module", "name", "index"),
    [(generator, "check", 0), (run_folder, "check_report_libraries", 1), (nginx, "find", 2)],
)
@pytest.mark.usefixtures("processes")
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, index: int) -> None:
    def missing() -> None:
        raise TandemError("it is missing: run `make setup`")

    assert all(each.state == "ok" for each in examination.tools())
    monkeypatch.setattr(module, name, missing)
    found = list(examination.tools())
    assert [each.state == "bad" for each in found] == [number == index for number in range(3)]
    assert found[index].text == "it is missing: run `make setup`"


@pytest.mark.parametrize(
    ("output", "state", "words"),
    [("", "ok", "nothing uncommitted"), (" M a\n?? b\n", "note", "2 files"), (None, "note", "no git")],
)
def test_the_commit(monkeypatch: pytest.MonkeyPatch, output: str | None, state: str, words: str) -> None:
    def git(*_: Any, **__: Any) -> SimpleNamespace:
        if output is None:
            raise FileNotFoundError("git")
        return SimpleNamespace(stdout=output)

    monkeypatch.setattr(subprocess, "run", git)
    found = examination.commit()
    assert found.state == state
    assert words in found.text


@pytest.mark.parametrize("library", [SimpleNamespace(), SimpleNamespace(timerfd_create=lambda *_: -1)])
def test_a_kernel_without_the_timer(monkeypatch: pytest.MonkeyPatch, library: object) -> None:
    assert examination.timer().state == "ok"
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    assert examination.timer().state == "note"


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


def test_memory_and_swap(fake_root: Path) -> None:
    assert resources.memory().state == "note"
    assert resources.swap().state == "ok"
    put(
        fake_root / "meminfo",
        "MemAvailable:   500000 kB\nSwapTotal: 2000000 kB\nSwapFree: 1500000 kB\nHugePages_Total: 0\n",
    )
    assert (resources.memory().state, resources.swap().state) == ("bad", "note")
    assert "0.51 GB" in resources.swap().text
    put(fake_root / "meminfo", "MemAvailable:  9000000 kB\nSwapTotal: 2000000 kB\nSwapFree: 2000000 kB\n")
    assert (resources.memory().state, resources.swap().state) == ("ok", "ok")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((10**8, "bad"), (10**11, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert resources.disk(tmp_path).state == state


@pytest.mark.parametrize(
    ("kind", "state"), [("ext4", "ok"), ("tmpfs", "note"), ("overlay", "note"), ("nfs4", "bad"), ("9p", "bad")]
)
def test_the_file_system_is_that_of_the_innermost_mount(fake_root: Path, kind: str, state: str) -> None:
    put(
        fake_root / "self/mounts",
        f"/dev/a / xfs rw 0 0\nx /a\\040b nfs rw 0 0\nx /a\\040b {kind} rw 0 0\ny /a\\040b/c/d tmpfs rw 0 0\n",
    )
    assert resources.file_system(Path("/a b/c")).state == state
    assert resources.file_system(Path("/a b/c")).text.startswith(kind)
    assert resources.file_system(Path("/a")).text == "xfs"


@pytest.mark.parametrize(
    ("soft", "hard", "state"),
    [(65536, 65536, "ok"), (1024, 65536, "note"), (1024, resource.RLIM_INFINITY, "note"), (1024, 2048, "bad"),
     (resource.RLIM_INFINITY, resource.RLIM_INFINITY, "ok")],
)  # fmt: skip
def test_open_files(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, state: str) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    assert resources.open_files().state == state


@pytest.mark.parametrize(
    ("bounds", "state"), [("32768 60999", "ok"), ("1024 65000", "note"), ("60000 61000", "note"), ("", "note")]
)
def test_ports(fake_root: Path, bounds: str, state: str) -> None:
    put(fake_root / "sys/net/ipv4/ip_local_port_range", bounds.replace(" ", "\t"))
    assert resources.local_ports().state == state
