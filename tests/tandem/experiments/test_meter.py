"""Whether the books balance: the CPU that was counted, and that which the machine saw on the stack's CPUs."""

from __future__ import annotations

import http.client
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tandem.experiments.meter import Reading, gap_share, metered
from tandem.launch import ports, process
from tandem.launch.process import Child, Children
from tandem.observe import usage
from tandem.observe.usage import Id, Spent
from tests.support import synthetic
from tests.support.waiting import eventually

SECOND = 10**9


def reading(moment: float, total: float | None, app: float, kernel: float = 0, **changes: Any) -> Reading:
    """Return what was used until a moment, in seconds; nginx used a second before."""
    threads = {Id(3, 0): Spent(int(kernel * SECOND), 0)}
    fields = {
        "moment": moment, "took": 0.001, "app": {Id(1, 0): Spent(int(app * SECOND), 0)}, "nginx": {Id(2, 0): Spent(SECOND, 0)},
        "database": {},
        "kernel": threads, "kernel_here": threads, "total": None if total is None else int(total * SECOND), "strays": 0,
    }  # fmt: skip
    return Reading(**{**fields, **changes})


@pytest.mark.parametrize(
    ("total", "share"),
    [
        (12.0, 0.0),  # all of it is app's
        (12.01, 0.0),  # ticks
        (13.0, 0.5),  # somebody used 1 s in 2 s whom nobody counted
        (11.0, 0.5),  # what was counted ran elsewhere
    ],
)
def test_what_the_machine_saw_is_held_against_what_was_counted(total: float, share: float) -> None:
    assert gap_share([(reading(1, 10.0, 0), reading(3, total, 2.0))], 1) == pytest.approx(share)


def test_what_the_kernel_did_there_is_nobodys() -> None:
    assert gap_share([(reading(1, 10.0, 0), reading(3, 13.0, 2.0, kernel=1.0))], 1) == 0.0


def test_where_no_total_is_known_nothing_is_claimed() -> None:
    assert gap_share([(reading(1, None, 0), reading(3, 12.0, 2.0))], 1) is None


def test_processes_that_went_and_came_between_two_readings_are_counted_in_every_part() -> None:
    def workers(*ids: tuple[int, int]) -> Reading:
        return reading(0, None, 0)._replace(app={Id(*each): Spent(0, 0) for each in ids})

    one, four = (1, 10), (4, 40)
    parts = [
        (workers(one, (2, 10), (3, 10)), workers(one, four)),
        (workers(one, four), workers(one, four)),
        (workers(one, four), workers(one, four, (5, 50))),
        (workers(one, four), workers(one, (4, 60))),
    ]  # 4 is used again
    found = metered(parts, synthetic.interference(), 1)
    assert (found.ended, found.begun) == (3, 3)


RETIRES = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
"""


@pytest.mark.usefixtures("processes")
def test_a_worker_of_gunicorn_that_retires_is_seen_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "retires.py").write_text(RETIRES)
    port = ports.free_port()
    command = [sys.executable, "-m", "gunicorn", "retires:app", "--bind", f"127.0.0.1:{port}", "--max-requests", "3",
               "--no-control-socket"]  # fmt: skip
    with Children() as children:
        server = children.add(
            Child("server", command, log=tmp_path / "log", cpus=[], env=process.environment({}), cwd=tmp_path)
        )

        def now() -> Reading:
            return reading(0, None, 0)._replace(app=usage.read([server.pid]))

        assert eventually(lambda: len(now().app) == 2 and "Booting worker" in server.log.read_text())
        before = now()
        for _ in range(3):
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
                client.request("GET", "/")
                assert client.getresponse().status == 200
        assert eventually(lambda: len(now().app) == 2 and now().app.keys() != before.app.keys())
        found = metered([(before, now())], synthetic.interference(), 1)
    assert (found.ended, found.begun) == (1, 1)
