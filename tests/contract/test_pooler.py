"""What lies between the apps and PostgreSQL: a pooler in transaction mode, which may not keep prepared statements apart, and a
network that breaks."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import make_url

from tests.support import pooler
from tests.support.accounts import ADMIN, KEY
from tests.support.apps import APPS, STORES, in_process
from tests.support.headers import JSON
from tests.support.people import send
from tests.support.waiting import eventually
from userdb.settings import Settings, from_environment

PREPARED = re.compile(rb"P.{4}_pg3_", re.DOTALL)
"""A Parse message with a name of psycopg's, which prepares what it has sent five times. (Its savepoints have such names, too.)"""


def _pass_on(source: socket.socket, target: socket.socket, seen: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            seen += data
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def between(path: str, port: int = 0) -> Iterator[tuple[int, bytearray]]:
    """Stand between clients and a server at a Unix socket; hand out the port and what clients have sent so far."""
    seen = bytearray()
    ours: list[socket.socket] = []
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", port)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(path)
                    ours.extend([client, server])
                    for pair in ((client, server, seen), (server, client, bytearray())):
                        threads.append(threading.Thread(target=_pass_on, args=pair, daemon=True))
                        threads[-1].start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], seen
        listener.shutdown(socket.SHUT_RDWR)
    for each in ours:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    for each in ours:
        each.close()


def server(url: str) -> str:
    """Return the socket of the tests' own server."""
    return f"{make_url(url).query['host']}/.s.PGSQL.5432"


def settings(url: str, port: int, store: str, **more: str) -> Settings:
    """Return the settings of an app that reaches its database through this port."""
    there = make_url(url).set(host="127.0.0.1", port=port, query={"sslmode": "disable"})
    given = {"DATABASE_URL": there.render_as_string(hide_password=False), "SESSION_KEYS": KEY, "STORE": store}
    return from_environment({**given, "READ_CONNECTIONS": "1", **more})


@pytest.mark.parametrize("prepared", ["0", "1"])
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("app", APPS)
def test_prepared_statements_are_sent_unless_they_are_switched_off(
    app: str, store: str, prepared: str, postgresql_url: str
) -> None:
    with between(server(postgresql_url)) as (port, seen):
        with in_process(app, settings(postgresql_url, port, store, PREPARED_STATEMENTS=prepared)) as client:
            assert {client.request("GET", "/api/users/7").status for _ in range(8)} == {200}
    assert b"SELECT" in seen
    assert bool(PREPARED.search(seen)) == (prepared == "1")


@pytest.mark.parametrize("store", STORES)
def test_both_apps_share_one_connection_of_a_pooler(store: str, postgresql_url: str) -> None:
    """Who reads and who writes, in turn: what one prepared there, all others would find, and stumble over."""
    program = pooler.program()
    if program is None:
        pytest.skip("there is no pgbouncer: apt-get install pgbouncer")
    with pooler.pooler(program, Path(server(postgresql_url)).parent) as port:
        assert _statuses(settings(postgresql_url, port, store, PREPARED_STATEMENTS="0")) == {200}
        if not pooler.keeps_prepared_statements_apart(program):
            assert _statuses(settings(postgresql_url, port, store, PREPARED_STATEMENTS="1")) == {200, 500}


def _statuses(settings: Settings) -> set[int]:
    """What both apps answer who is read and changed again and again, longer than it takes to be prepared."""
    with ExitStack() as exits:
        clients = [exits.enter_context(in_process(app, settings)) for app in APPS]
        name = f"pooled-{token_hex(4)}"
        made = send(clients[0], "POST", "/api/users", {"username": name, "email": f"{name}@b"}, {**JSON, **ADMIN})
        path = made.header("Location") or ""
        found = set()
        for age in range(8):
            for client in clients:
                found.add(client.request("GET", path).status)
                found.add(send(client, "PATCH", path, {"age": age}, {**JSON, **ADMIN}).status)
        return found


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("app", APPS)
def test_a_database_that_goes_away_and_comes_back_costs_503_meanwhile(
    app: str, store: str, postgresql_url: str
) -> None:
    with ExitStack() as exits:
        with between(server(postgresql_url)) as (port, _):
            client = exits.enter_context(in_process(app, settings(postgresql_url, port, store)))

            def status(path: str = "/api/users/7") -> int:
                return client.request("GET", path).status

            assert (status(), status("/readyz")) == (200, 200)
        assert (status(), status("/readyz"), status("/healthz")) == (503, 503, 200)
        with between(server(postgresql_url), port):
            assert eventually(lambda: status() == 200)
            assert eventually(lambda: status("/readyz") == 200)
