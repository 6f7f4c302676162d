"""Turns: where one ends."""

from __future__ import annotations

import socket
import threading
import time

from tandem.drive.scattered import Prober, Scatter
from tandem.experiments.turns import Taken
from tandem.plan.contract import Probe
from tests.support.scripted import scripted
from tests.support.waiting import PATIENCE


def test_a_turn_is_over_when_its_last_probe_is_answered() -> None:
    """The stack works for it until then, and would in the turn of the next one."""
    asked, let_go = threading.Event(), threading.Event()

    def wait(_: socket.socket) -> None:
        asked.set()
        let_go.wait(PATIENCE)

    with scripted([(wait, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]) as server:
        now = time.time()
        scatter = Scatter([Probe("GET", "/")], [b""])
        prober = Prober(server.port, scatter, start=now, end=now, count=1, key="")
        taken = Taken("", None, probers=[prober])
        prober.start()
        assert asked.wait(PATIENCE)
        threading.Timer(0.1, let_go.set).start()
        taken.settle()
        assert let_go.is_set()
        assert not prober.is_alive()
        assert taken.probed().answered == 1
