"""Calibration: what the load generator can do against nginx alone, without any app.

Its ceiling, the requests per second of a closed loop in which its CPU is full, says how far the load of a run is from what the
generator can send. Its floor, the response time of a static file at the run's own rate, is what even an app that takes
no time would show.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from tandem.drive import command
from tandem.drive.command import Drive
from tandem.drive.generator import Generator
from tandem.errors import RunFailed
from tandem.launch import nginx, ports
from tandem.launch.process import Child, Children
from tandem.observe import samples, usage
from tandem.plan.apps import App
from tandem.plan.cpu_layout import Layout
from tandem.plan.loads import IN_FLIGHT, TIMEOUT_SECONDS
from tandem.records.setup import Calibration, Load

CEILING_USERS = 16
"""Users of the closed loop: more don't raise the ceiling, the generator has one CPU."""

WARMUP_SECONDS, SECONDS = 1, 4
"""No longer than the blocks of a run where those are shorter."""


def calibrate(
    app: App,
    scenario: str,
    work: Path,
    logs: Path,
    binary: Path,
    layout: Layout,
    rate: float,
    seconds: float = SECONDS,
) -> Calibration:
    """Measure ceiling and floor on the run's CPUs; `scenario` is one of the app's that nginx answers alone. Takes about 4 s and
    twice `seconds`.

    Raises RunFailed where nginx or Locust breaks off.
    """
    load = Load(
        scenario=scenario, arrivals="poisson", rate=rate, in_flight=IN_FLIGHT, timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=WARMUP_SECONDS, seconds=seconds,
    )  # fmt: skip
    drives = {
        "ceiling": command.closed_loop(scenario, CEILING_USERS, WARMUP_SECONDS, seconds),
        "floor": command.open_loop(load),
    }
    with Children() as children:
        port = ports.free_port()
        prepared = {
            name: _prepare(app, name, drive, port, work, logs, layout.generator) for name, drive in drives.items()
        }
        for each in prepared.values():
            children.add(each.child)
        front = children.add(_nginx(app, port, work, logs, binary, layout.stack))
        for each in prepared.values():
            each.loaded()
        ceiling, ceiling_share = _run(prepared["ceiling"], front)
        floor, floor_share = _run(prepared["floor"], front)
    return Calibration(
        ceiling_rate=ceiling.rate,
        ceiling_cpu_share=ceiling_share,
        floor_rate=rate,
        floor_p50_ms=floor.p50_ms,
        floor_p99_ms=floor.p99_ms,
        dispatch_lag_p50_ms=floor.dispatch_lag_p50_ms,
        dispatch_lag_p99_ms=floor.dispatch_lag_p99_ms,
        generator_cpu_ms=1000 * floor_share * seconds / max(floor.requests, 1),
    )


def _prepare(app: App, name: str, drive: Drive, port: int, work: Path, logs: Path, cpus: Sequence[int]) -> Generator:
    return Generator.prepare(
        drive, load_test=app.load_test, host=f"http://127.0.0.1:{port}", key="calibration", users=0,
        samples=work / f"{name}.csv.gz", log=logs / f"locust-{name}.log", cpus=cpus,
    )  # fmt: skip


def _nginx(app: App, port: int, work: Path, logs: Path, binary: Path, cpus: Sequence[int]) -> Child:
    """Start nginx with an upstream that nobody asks for."""
    folder = work / "nginx-alone"
    shutil.rmtree(folder, ignore_errors=True)
    nginx.configure(folder, app, public_port=port, servers=[f"127.0.0.1:{ports.free_port()}"], keepalive=0)
    return nginx.start(binary, folder, name="nginx alone", log=logs / "nginx-alone.log", cpus=cpus)


def _run(prepared: Generator, front: Child) -> tuple[samples.Figures, float]:
    """Run one generator; return what its window holds and the share of a CPU that it used."""
    window = prepared.release()
    time.sleep(max(0.0, window.start - time.time()))
    before = usage.read([prepared.child.pid])
    time.sleep(max(0.0, window.end - time.time()))
    share = usage.seconds(before, usage.read([prepared.child.pid])) / (window.end - window.start)
    prepared.finish(front.check)
    figures = samples.figures(samples.read(prepared.samples), window)
    if not figures.requests:
        raise RunFailed(f"the generator got no answer from nginx alone; its last log lines:\n{prepared.child.tail()}")
    return figures, share
