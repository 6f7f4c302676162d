"""The doctor: a whole examination of this machine, and how it is told; processors and resources have modules of their own."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tandem.doctor import durations, examination
from tandem.doctor.check import Check
from tandem.drive import generator
from tandem.errors import TandemError
from tandem.launch import nginx
from tandem.records import run_folder


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
