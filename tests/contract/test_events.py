"""What is done to users, told to all who listen: by whichever app it was done, in its order, each once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.pieces import pieces
from tests.support.accounts import KEY
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.events import EVENT, change
from tests.support.problems import faults, problem
from tests.support.sockets import KEY as KEY_OF_SOCKET
from tests.support.sockets import UPGRADE
from userdb import ending, events, sockets
from userdb.database import connections
from userdb.settings import Settings, from_environment

PATH = "/api/events"


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.processes)])
def settings(request: pytest.FixtureRequest, store: str, database: Path) -> Settings:
    """Those of an app with each store on each database."""
    if request.param == "SQLite":
        return settings_for(database)
    url = request.getfixturevalue("postgresql_url")
    return from_environment({"DATABASE_URL": url, "SESSION_KEYS": KEY, "STORE": store})


def told(app: str, settings: Settings, last: str | None, until: bytes, do: Callable[[], object] = int) -> bytes:
    """What one is sent who listens, up to something; what is done when it has begun."""
    seen = b""

    def read(piece: bytes) -> bool:
        nonlocal seen
        if not seen:
            do()
        seen += piece
        return until not in seen

    pieces(app, settings, PATH, read, {"Last-Event-ID": last} if last else {})
    return seen


@pytest.mark.parametrize("app", APPS)
def test_what_one_app_does_the_other_tells_and_who_comes_again_gets_what_is_missing(
    app: str, settings: Settings
) -> None:
    numbers: list[int] = []
    with in_process("asgi" if app == "wsgi" else "wsgi", settings) as other:
        seen = told(app, settings, None, b"event: removed", lambda: numbers.append(change(other)))
    [user] = numbers
    found = [(kind, int(number), int(version)) for _, kind, number, version in EVENT.findall(seen)]
    assert [each for each in found if each[1] == user] == [
        (b"created", user, 1),
        (b"changed", user, 2),
        (b"removed", user, 2),
    ]
    assert [each[0] for each in found] == [b"created", b"created", b"changed", b"removed"]
    ids = [int(each[0]) for each in EVENT.findall(seen)]
    assert ids == sorted(set(ids))
    began = re.match(rb"retry: 1000\nid: (\d+)\n\n", seen)
    assert began
    # From wherever one left, each of the others comes once: also from before the first.
    for place, last in enumerate([began[1].decode(), *map(str, ids[:-1])]):
        again = told(app, settings, last, b"event: removed")
        assert [int(each[0]) for each in EVENT.findall(again)] == ids[place:]


@pytest.mark.parametrize("app", APPS)
def test_who_has_missed_some_is_told_so(app: str, settings: Settings) -> None:
    """Of events that are not kept any more, and of those that this database has never had."""
    with connections.transaction(settings) as connection:
        connection.exec_driver_sql("DELETE FROM events")
        connection.exec_driver_sql("INSERT INTO events (id, kind, user_id, version) VALUES (500000, 'changed', 7, 1)")
    missed = b"retry: 1000\nid: 500000\nevent: missed\ndata: {}\n\n"
    assert told(app, settings, "3", b"\n\n") == missed
    assert told(app, settings, "9223372036854775807", b"\n\n") == missed
    assert told(app, settings, "500000", b"\n\n") == b"retry: 1000\nid: 500000\n\n"
    with connections.transaction(settings) as connection:
        connection.exec_driver_sql("DELETE FROM events")


def test_old_ones_are_forgotten(settings: Settings) -> None:
    """Those before the last 10,000, though not each at once."""
    with connections.transaction(settings) as connection:
        for _ in range(110):
            connection.exec_driver_sql("UPDATE users SET version = version + 1 WHERE id <= 100")
        first, last = connection.exec_driver_sql("SELECT min(id), max(id) FROM events").one()
    assert events.KEPT <= last - first + 1 <= events.KEPT + 1000


@pytest.mark.parametrize("app", APPS)
def test_it_is_told_that_the_connection_lives(app: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SILENCE", 0.0)
    assert told(app, settings, None, b"\n:\n\n").endswith(b"\n\n:\n\n")


@pytest.mark.parametrize("app", APPS)
def test_a_process_has_few_places_and_gets_them_back(app: str, store: str, database: Path) -> None:
    told(app, settings_for(database, LISTENERS="1"), None, b"\n\n")
    with in_process(app, settings_for(database, LISTENERS="1")) as client:
        for _ in range(3):
            head = client.request("HEAD", PATH)
            assert (head.status, head.header("Content-Type"), head.header("X-Accel-Buffering")) == (
                200, "text/event-stream", "no",
            )  # fmt: skip
    with in_process(app, settings_for(database, LISTENERS="0")) as client:
        answer = client.request("GET", PATH)
        assert problem(answer, 503)["detail"] == "Too many are listening."
        assert answer.header("Retry-After") == "1"


def test_what_it_does_not_take(client: Client) -> None:
    for last in ("x", "-1", "1.0", "9223372036854775808", "1" * 5000):
        assert faults(client.request("GET", PATH, {"Last-Event-ID": last})) == ["Last-Event-ID"]
    assert faults(client.request("GET", f"{PATH}?after=1")) == ["after"]
    assert problem(client.request("POST", PATH), 405)["detail"] == "This URL takes GET, HEAD, OPTIONS."


def test_it_ends_with_the_process(app_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "is_near", lambda: True)
    answer = app_client.request("GET", PATH)
    assert (answer.status, answer.body) == (200, b"retry: 1000\nid: 0\n\n")


def test_who_asks_for_no_websocket_or_not_in_its_way_is_told(client: Client) -> None:
    for headers in ({}, {**UPGRADE, "Upgrade": "h2c"}, {**UPGRADE, "Sec-WebSocket-Version": "12"}):
        answer = client.request("GET", sockets.PATH, headers)
        assert problem(answer, 426)["detail"].startswith("This URL speaks WebSocket, version 13, alone")
        assert (answer.header("Upgrade"), answer.header("Sec-WebSocket-Version")) == ("websocket", "13")
    assert client.request("HEAD", sockets.PATH, UPGRADE).status == 426


def test_a_server_that_holds_no_websocket_says_so(app_client: Client) -> None:
    for key in ("", "dGhlIHNhbXBsZSBub25jZQ", f"{KEY_OF_SOCKET}, {KEY_OF_SOCKET}"):
        assert (
            "Sec-WebSocket-Key"
            in problem(app_client.request("GET", sockets.PATH, {**UPGRADE, "Sec-WebSocket-Key": key}), 400)["detail"]
        )
    assert "/api/events" in problem(app_client.request("GET", sockets.PATH, UPGRADE), 501)["detail"]
