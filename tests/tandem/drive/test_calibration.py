"""Calibration: real Locust against real nginx, no app."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tandem.drive import calibration
from tandem.launch import nginx
from tandem.plan import cpu_layout
from tests.support.processes import alive
from tests.support.stacks import USERDB

pytestmark = pytest.mark.usefixtures("alone")


def test_ceiling_and_floor_of_the_generator(tmp_path: Path) -> None:
    layout = cpu_layout.layout(1, sorted(os.sched_getaffinity(0)))
    found = calibration.calibrate(USERDB, "floor", tmp_path, tmp_path, nginx.find(), layout, rate=100, seconds=1)
    assert found.ceiling_rate > 2 * found.floor_rate
    assert 0.3 < found.ceiling_cpu_share <= 1.1
    assert found.floor_rate == 100
    assert found.floor_p50_ms is not None
    assert found.floor_p99_ms is not None
    assert 0 < found.floor_p50_ms <= found.floor_p99_ms
    assert 0 < found.dispatch_lag_p50_ms <= found.dispatch_lag_p99_ms
    # A closed loop spends all its CPU on requests, so at its ceiling each costs about 1 ÷ rate; an open loop may cost more.
    assert 0.2 / found.ceiling_rate < found.generator_cpu_ms / 1000 < 20 / found.ceiling_rate
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    started = [pid for pid in pids if alive(pid) and str(tmp_path) in _command(pid)]
    assert started == []


def _command(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text(errors="replace")
    except OSError:
        return ""
