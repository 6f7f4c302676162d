"""What /metrics tells of pools: who has a connection and who waits for one, in each app, store and database; each stack's sum."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, repeat
from pathlib import Path

import pytest

from tandem.launch.running_stack import RunningStack
from tandem.plan import stacks
from tests.support.accounts import KEY
from tests.support.answers import Answer
from tests.support.apps import in_process
from tests.support.clients import Client, HttpClient
from tests.support.lab import slow_news
from tests.support.metrics import series
from tests.support.scheduling import FAR, NEAR
from tests.support.stacks import STACKS
from tests.support.waiting import eventually
from userdb.settings import from_environment

FIELDS = ("in_use", "idle", "waiting", "limit")


def pools(client: Client) -> dict[str, tuple[float | None, ...]]:
    """What is told of each: in use, idle, waiting, limit."""
    text = client.request("GET", "/metrics").body.decode()
    found = {field: dict(re.findall(rf'^pool_{field}{{pool="(\w+)"}} (\S+)$', text, re.MULTILINE)) for field in FIELDS}
    return {
        name: tuple(float(told[name]) if name in told else None for told in found.values()) for name in found["in_use"]
    }


APPS = [*NEAR, *(pytest.param(name, marks=pytest.mark.processes) for name in FAR if name not in STACKS)]


@pytest.fixture(params=APPS)
def narrow(request: pytest.FixtureRequest, database: Path) -> Iterator[Client]:
    """Each app on each database, with the laboratory and one of everything."""
    app, store, _, kind = request.param.split()
    url = f"sqlite:///{database}" if kind == "SQLite" else request.getfixturevalue("postgresql_url")
    with slow_news() as news:
        told = {
            "DATABASE_URL": url, "SESSION_KEYS": KEY, "STORE": store, "LAB": "1",
            "READ_CONNECTIONS": "1", "NEWS_CONNECTIONS": "1", "NEWS_URL": news,
        }  # fmt: skip
        with in_process(app, from_environment(told)) as client:
            yield client


@pytest.mark.parametrize(("pool", "target"), [("reading", "database"), ("writing", "lock"), ("news", "wait")])
def test_who_has_one_and_who_waits_for_it_is_seen(narrow: Client, pool: str, target: str) -> None:
    times = chain([100, 200, 400, 800, 1600], repeat(3200))
    with ThreadPoolExecutor(3) as threads:

        def ask(milliseconds: int) -> Future[Answer]:
            return threads.submit(narrow.request, "GET", f"/lab/{target}?ms={milliseconds}")

        def seen() -> bool:
            """Whether it was seen while the first kept it: twice as long each time, as a look takes long on a machine in use."""
            asked = [ask(next(times))]
            found = [pools(narrow)[pool]]
            while found[-1] == (0, 1, 0, 1) and not asked[0].done():
                found.append(pools(narrow)[pool])
            asked += [ask(1), ask(1)]
            while not asked[0].done():
                found.append(pools(narrow)[pool])
            assert [each.result().status for each in asked] == [200] * 3
            return {(1, 0, 0, 1), (1, 0, 2, 1)} <= set(found)

        assert eventually(seen)
    assert eventually(lambda: pools(narrow)[pool] == (0, 1, 0, 1))


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("name", STACKS)
def test_a_stack_tells_of_all_its_processes(name: str, stack: Callable[[str], RunningStack]) -> None:
    """Who listens has a slot of its process; so has the request for the metrics."""
    running, per_worker = stack(name), stacks.load([])[name].slots_per_worker
    client = HttpClient("127.0.0.1", running.port)
    limit = None if per_worker is None else per_worker * running.processes

    def are(listening: int) -> bool:
        found = pools(client)
        return (found["listeners"][0], found["slots"][0], found["slots"][3]) == (listening, listening + 1, limit)

    assert series(client)[("pool_processes",)] == running.processes
    assert eventually(lambda: are(0))
    listener = http.client.HTTPConnection("127.0.0.1", running.port)
    listener.request("GET", "/api/events")
    assert listener.getresponse().status == 200
    assert eventually(lambda: are(1))
    listener.close()
    assert eventually(lambda: are(0))
