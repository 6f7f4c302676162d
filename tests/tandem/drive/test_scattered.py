"""Probes within windows: which can be asked, when, and that nothing in them tells them from the load."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tandem.drive import scattered
from tandem.plan import contract
from tandem.plan.contract import Probe
from tests.loadtest.runs import LIGHT, LOADTEST, locust
from tests.support.apps import USERS
from tests.support.clients import Client
from tests.support.stacks import USERDB
from tests.support.waiting import until


def test_only_what_changes_nothing_and_needs_no_login_is_asked() -> None:
    probes = scattered.askable(contract.read(Path(USERDB.probes), 300))
    assert {probe.method for probe in probes} == {"GET", "HEAD"}
    assert len(probes) > 20
    assert not any("{" in value or name == "Host" for probe in probes for name, value in probe.headers)


def test_what_was_not_answered_alike_each_time_is_left_out() -> None:
    probes = [Probe("GET", f"/{number}") for number in range(3)]
    assert scattered.steady(probes, [b"a", b"b", b"c"], [b"a", b"x", b"c"], [b"a", b"b", b"y"]) == [0]


def test_whoever_answers_304_to_what_the_load_remembers_unseen_is_found(app_client: Client) -> None:
    """The load asks again with "1", which seeded users have; probes within windows ask it of somebody who is not there, too."""
    probes = scattered.askable(contract.read(Path(USERDB.probes), USERS))
    found = [probe for probe in probes if ("If-None-Match", '"1"') in probe.headers]
    assert [app_client.request(each.method, each.target, dict(each.headers)).status for each in found] == [304, 404]


class Listener:
    """Keeps the heads of all requests, and answers nothing found."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):  # Locust is ended whatever it has asked
            while head := connection.recv(65536):
                self.heads.append(head)
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.usefixtures("processes")
def test_nothing_but_its_path_tells_a_probe_from_the_load(tmp_path: Path) -> None:
    """Line by line what real Locust sends, on a connection that stays."""
    listener = Listener()
    url = f"http://127.0.0.1:{listener.port}"
    options = ["--headless", "-u", 5, "-r", 5, "-t", "9s", "--scenario", "read", "--users-in-database", 9]
    with locust(tmp_path / "log", "-f", LOADTEST, *options, "-H", url, module=LIGHT):
        until(lambda: listener.heads, bool)
    [_, *load] = listener.heads[0].split(b"\r\n")
    connection = scattered._connection(listener.port)
    for path in ("/one", "/two"):
        assert scattered.ask(connection, listener.port, Probe("GET", path))[0] == 404
    connection.close()
    asked = [head.split(b"\r\n") for head in listener.heads]
    assert [rest for first, *rest in asked if first in (b"GET /one HTTP/1.1", b"GET /two HTTP/1.1")] == [load, load]


def test_what_a_probe_removes_is_not_asked_as_the_load_may_create_it_anew() -> None:
    kept, removed = Probe("GET", "/things/7"), Probe("GET", "/things/10001")
    write = Probe("DELETE", "/things/10001", (("Authorization", "Bearer {token}"),))
    refused = Probe("DELETE", "/things/7")
    found = contract.Contract(probes=(kept, removed, write, refused), masks=(), handed_out={})
    assert scattered.askable(found) == [kept]
