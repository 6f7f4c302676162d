"""PostgreSQL that refuses, is full or is slow: 503 for whoever needs it, nobody else notices, and afterwards all goes on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import psycopg
import pytest

from tests.support.accounts import ADMIN_JSON, KEY
from tests.support.apps import APPS, STORES, in_process
from tests.support.clients import Client
from tests.support.problems import problem
from tests.support.waiting import eventually
from userdb.settings import from_environment

pytestmark = pytest.mark.usefixtures("processes")

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file: No space left on device'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON users EXECUTE FUNCTION full_disk();
"""
"""What the server says where its disk is full (PostgreSQL, appendix A: 53100), said for each new user."""


@pytest.fixture(params=[f"{app} {store}" for app in APPS for store in STORES])
def client(request: pytest.FixtureRequest, postgresql_url: str) -> Iterator[Client]:
    """Each app with each store, with one connection for reading."""
    app, store = request.param.split()
    told = {"DATABASE_URL": postgresql_url, "SESSION_KEYS": KEY, "STORE": store, "READ_CONNECTIONS": "1"}
    with in_process(app, from_environment(told)) as found:
        yield found


def create(client: Client, name: str) -> int:
    """Have a user created; the status."""
    return client.request(
        "POST", "/api/users", ADMIN_JSON, f'{{"username":"{name}","email":"{name}@b"}}'.encode()
    ).status


def test_a_full_disk_refuses_what_is_written_and_nothing_else(client: Client, postgresql_url: str) -> None:
    name = f"full-{token_hex(4)}"
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute(FULL)
        try:
            assert [create(client, name) for _ in range(3)] == [503] * 3
            assert client.request("GET", "/api/users/7").status == 200
        finally:
            other.execute("DROP FUNCTION full_disk CASCADE")
    assert create(client, name) == 201


def test_a_server_that_refuses_costs_503_until_it_takes_connections_again(client: Client, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, dbname="template1", autocommit=True) as other:
        other.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
        try:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'")
            problem(client.request("GET", "/api/users/7"), 503)
            assert client.request("GET", "/healthz").status == 200
        finally:
            other.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true")
    assert eventually(lambda: client.request("GET", "/api/users/7").status == 200)
    assert eventually(lambda: create(client, f"refused-{token_hex(4)}") == 201)


def test_a_slow_server_keeps_nobody_waiting_who_does_not_need_it(client: Client, postgresql_url: str) -> None:
    with ThreadPoolExecutor(1) as threads, psycopg.connect(postgresql_url) as other:
        other.execute("LOCK TABLE users")  # until the transaction ends
        waiting = threads.submit(client.request, "GET", "/api/users/7")
        asked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert eventually(lambda: other.execute(asked).fetchone() == (1,))
        assert client.request("GET", "/healthz").status == 200
        assert not waiting.done()
        other.rollback()
        assert waiting.result().status == 200
