"""The routes that block on purpose: there only when asked for, bounded, alike in both apps, and doing what they say."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from asgi_app import lab
from tests.support.apps import APPS, STORES, cheap_passwords, in_process, settings_for
from tests.support.clients import Client
from tests.support.lab import PATHS, ROWS, row, slow_news, target
from tests.support.problems import faults, problem
from userdb import lab as userdb_lab
from userdb import operations, wire
from userdb.settings import SettingsError, from_environment

NEAR = [path for path in PATHS if path != "/lab/compute-in-process"]
"""Those that start no process."""


@pytest.fixture(scope="module")
def both(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """Both apps with their laboratory."""
    with ExitStack() as exits:
        url = exits.enter_context(slow_news())
        exits.enter_context(cheap_passwords())
        exits.callback(userdb_lab.release)
        clients = {}
        for app in APPS:
            file = shutil.copyfile(seeded, tmp_path_factory.mktemp(app) / "users.db")
            settings = settings_for(file, LAB="1", NEWS_URL=url)
            clients[app] = exits.enter_context(in_process(app, settings))
        yield clients


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest) -> str:
    """Each app in turn."""
    found: str = request.param
    return found


@pytest.fixture
def blocking(app: str, both: dict[str, Client]) -> Client:
    """The app with its laboratory."""
    return both[app]


@pytest.mark.parametrize("value", ["0", "", "yes"])
def test_without_lab_there_is_no_such_route(app: str, value: str, database: Path) -> None:
    with in_process(app, settings_for(database, LAB=value)) as client:
        for path in PATHS:
            for method in ("GET", "POST", "OPTIONS"):
                problem(client.request(method, target(path)), 404)


def test_it_is_not_part_of_the_api() -> None:
    assert not [operation for operation in operations.OPERATIONS if operation.path.startswith("/lab")]


def test_every_kind_has_its_routes_and_every_route_has_a_kind() -> None:
    named = {row[name] for row in ROWS.values() for name in ("wrong", "right", "bystander") if name in row}
    assert named <= set(PATHS)
    assert {path for path in PATHS if not row(path)} == {"/lab/health-in-thread"}


@pytest.mark.parametrize("path", NEAR)
def test_both_apps_say_how_much_they_were_asked_for(both: dict[str, Client], path: str) -> None:
    wsgi, asgi = (both[app].request("GET", target(path)) for app in APPS)
    assert (wsgi.status, sorted(wsgi.headers), wsgi.body) == (asgi.status, sorted(asgi.headers), asgi.body)
    assert wsgi.status == 200
    echo = row(path).get("echo")
    if echo:
        assert json.loads(wsgi.body) == {echo: int(target(path).partition("=")[2])}


@pytest.mark.usefixtures("processes")
def test_a_process_of_its_own_computes_and_ends_with_the_app(app: str, database: Path) -> None:
    with in_process(app, settings_for(database, LAB="1")) as client:
        for _ in range(2):
            answer = client.request("GET", target("/lab/compute-in-process"))
            assert json.loads(answer.body) == {"blocked_ms": 2}


@pytest.mark.parametrize("path", [path for path in PATHS if row(path)])
def test_an_amount_that_makes_no_sense_is_refused(blocking: Client, path: str) -> None:
    name, most = row(path)["amount"], row(path)["most"]
    assert faults(blocking.request("GET", path)) == [name]
    for value in ("", "0", str(most + 1), "1.5", "-1", "%D9%A7", f"1&{name}=2"):
        assert faults(blocking.request("GET", f"{path}?{name}={value}")) == [name], value


def test_other_parameters_and_methods_are_refused(blocking: Client) -> None:
    assert faults(blocking.request("GET", "/lab/sleep?ms=1&s=1")) == ["s"]
    assert faults(blocking.request("GET", "/lab/health-in-thread?ms=1")) == ["ms"]
    assert problem(blocking.request("POST", "/lab/sleep?ms=1"), 405)
    assert blocking.request("OPTIONS", "/lab/sleep").header("Allow") == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("path", "on_the_loop"),
    [("/lab/sleep", True), ("/lab/sleep-in-thread", False), ("/lab/sleep-in-own-threads", False)],
)
def test_it_sleeps_where_it_says(
    app: str, blocking: Client, path: str, on_the_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the ASGI app on the event loop, whose thread has a running loop, or off it; the WSGI app has none at all."""
    seen = []

    def sleep(seconds: float) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            seen.append((seconds, False))
        else:
            seen.append((seconds, True))

    monkeypatch.setattr(time, "sleep", sleep)
    blocking.request("GET", f"{path}?ms=1500")
    assert seen == [(1.5, on_the_loop and app == "asgi")]


@pytest.mark.parametrize("path", ["/lab/wait", "/lab/sync-client", "/lab/sync-database", "/lab/database", "/lab/lock"])
def test_it_takes_as_long_as_it_was_asked_for(blocking: Client, path: str) -> None:
    began = time.monotonic()
    assert blocking.request("GET", f"{path}?ms=200").status == 200
    assert time.monotonic() - began >= 0.19  # clocks of databases tick, too


def test_an_upstream_that_hangs_is_given_up(blocking: Client) -> None:
    """It would answer after a minute: what is asked for is how long somebody waits."""
    began = time.monotonic()
    for path in ("/lab/hang?ms=300", "/lab/hang-with-limit?ms=10000"):
        assert blocking.request("GET", path).status == 200
    assert 0.3 + lab.LIMIT <= time.monotonic() - began < 10


def test_pieces_make_the_same_answer(blocking: Client) -> None:
    whole, pieces = (
        blocking.request("GET", f"/lab/{name}?items=2500") for name in ("serialise", "serialise-in-pieces")
    )
    assert whole == pieces
    assert len(json.loads(whole.body)) == 2500


@pytest.mark.parametrize("store", STORES)
def test_a_connection_is_kept_only_where_it_is_held(app: str, database: Path, store: str) -> None:
    """With one connection for reading, whoever needs it waits while it is held; the direct store lends none."""
    with slow_news() as url:
        settings = settings_for(database, LAB="1", NEWS_URL=url, STORE=store, READ_CONNECTIONS="1")
        with in_process(app, settings) as client:
            waits = {path: waited(client, path) for path in ("/lab/pool-held", "/lab/pool-released")}
    assert waits == {"/lab/pool-held": store == "engine", "/lab/pool-released": False}


def waited(client: Client, path: str) -> bool:
    """Whether a reader comes after the end of this request, which began before."""
    ended = threading.Event()

    def hold() -> None:
        client.request("GET", f"{path}?ms=1500")
        ended.set()

    holder = threading.Thread(target=hold)
    holder.start()
    time.sleep(0.5)
    assert client.request("GET", "/api/users/7").status == 200
    found = ended.wait(0.2)  # both have waited for the same
    holder.join()
    return found


def test_one_that_stays_open_sends_a_byte_now_and_then(blocking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BETWEEN_BYTES", 0.1)
    answer = blocking.request("GET", "/lab/open?ms=350")
    assert (answer.status, answer.body, answer.header("Content-Length")) == (200, b"....", None)
    assert blocking.request("HEAD", "/lab/open?ms=600000").body == b""


@pytest.mark.parametrize("rung", ["blocking", "thread", "async"])
def test_each_rung_of_the_ladder_answers_alike(app: str, rung: str, database: Path) -> None:
    with in_process(app, settings_for(database, LAB="1", LADDER=rung)) as client:
        assert client.request("GET", "/lab/ladder/sleep?ms=2").body == b'{"blocked_ms":2}'
        assert client.request("GET", "/lab/ladder/password?times=1").body == b'{"times":1}'
        assert faults(client.request("GET", "/lab/ladder/sleep?ms=0")) == ["ms"]


def test_an_unknown_rung_is_named() -> None:
    with pytest.raises(SettingsError, match="LADDER must be blocking, thread or async, not 'fast'"):
        from_environment({"LADDER": "fast"})
