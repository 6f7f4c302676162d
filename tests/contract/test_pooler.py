"""What the apps send to PostgreSQL, read on the way: a pooler in transaction mode can't keep prepared statements apart."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import make_url

from tests.support.accounts import KEY
from tests.support.apps import APPS, STORES, in_process
from userdb.settings import from_environment

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
def between(path: str) -> Iterator[tuple[int, bytearray]]:
    """Stand between clients and a server at a Unix socket; hand out the port and what clients have sent so far."""
    seen, ours = bytearray(), []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(path)
                    ours.extend([client, server])
                    for pair in ((client, server, seen), (server, client, bytearray())):
                        threading.Thread(target=_pass_on, args=pair, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], seen
        listener.shutdown(socket.SHUT_RDWR)
    for each in ours:
        each.close()


@pytest.mark.parametrize("prepared", ["0", "1"])
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("app", APPS)
def test_prepared_statements_are_sent_unless_they_are_switched_off(
    app: str, store: str, prepared: str, postgresql_url: str
) -> None:
    url = make_url(postgresql_url)
    folder, port = url.query["host"], url.query.get("port", url.port or 5432)
    with between(f"{folder}/.s.PGSQL.{port}") as (ours, seen):
        there = url.set(host="127.0.0.1", port=ours, query={"sslmode": "disable"}).render_as_string(hide_password=False)
        given = {"DATABASE_URL": there, "SESSION_KEYS": KEY, "STORE": store, "READ_CONNECTIONS": "1"}
        with in_process(app, from_environment({**given, "PREPARED_STATEMENTS": prepared})) as client:
            assert {client.request("GET", "/api/users/7").status for _ in range(8)} == {200}
    assert b"SELECT" in seen
    assert bool(PREPARED.search(seen)) == (prepared == "1")
