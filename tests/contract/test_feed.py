"""The feed: several calls to the news service for one request; in turn in one app, at once in the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from tandem.plan import stacks
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.news import news_service
from userdb.settings import from_environment

Manner = Callable[[str], tuple[int, float]]  # of a source: status, and seconds until the answer


class Counted:
    """A news service that counts: how often each source was asked, and how many at once."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def answer(self, query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        """Wait as the source does; return status and body."""
        source = query.get("source", "")
        with self.lock:
            self.asked.append(source)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        status, delay = self.manner(source)
        release.wait(delay)
        with self.lock:
            self.at_once -= 1
        return status, json.dumps({"items": [{"title": f"from {source}", "url": f"/{source}"}]}).encode()


def asked(app: str, database: Path, counted: Counted, target: str) -> tuple[int, dict[str, object]]:
    """Status and body of one request to one app."""
    with (
        news_service(counted.answer) as url,
        in_process(app, settings_for(database, NEWS_URL=url, NEWS_TIMEOUT="0.5")) as client,
    ):
        answer = client.request("GET", target)
        return answer.status, json.loads(answer.body)


def test_a_feed_holds_its_sources_in_their_order(client: Client) -> None:
    answer = client.request("GET", "/api/users/7/feed?sources=2")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    body = json.loads(answer.body)
    assert list(body) == ["user", "items", "missing"]
    assert (body["user"], body["missing"]) == ("user0000007", [])
    urls = [f"https://news.example.org/user0000007/{source}/{n}" for source in (1, 2) for n in (1, 2, 3)]
    assert [item["url"] for item in body["items"]] == urls


def test_without_a_number_a_feed_has_five_sources(client: Client) -> None:
    assert len(json.loads(client.request("GET", "/api/users/7/feed").body)["items"]) == 15


@pytest.mark.parametrize(
    "query", ["sources=0", "sources=21", "sources=", "sources=x", "sources=%D9%A7", "sources=1&sources=2"]
)
def test_a_wrong_number_of_sources(client: Client, query: str) -> None:
    answer = client.request("GET", f"/api/users/7/feed?{query}")
    assert answer.status == 422
    assert [error["field"] for error in json.loads(answer.body)["errors"]] == ["sources"]


def test_nobody_has_no_feed(client: Client) -> None:
    assert client.request("GET", "/api/users/99999/feed").status == 404


@pytest.mark.parametrize("app", APPS)
def test_one_source_that_fails_and_one_that_is_slow_do_not_lose_the_others(database: Path, app: str) -> None:
    manners = {"2": (500, 0.0), "4": (200, 20.0)}
    counted = Counted(lambda source: manners.get(source, (200, 0.0)))
    status, body = asked(app, database, counted, "/api/users/7/feed?sources=5")
    assert status == 200
    assert body["items"] == [{"title": f"from {source}", "url": f"/{source}"} for source in (1, 3, 5)]
    assert body["missing"] == [
        {"source": 2, "status": 502, "detail": "The news service failed."},
        {"source": 4, "status": 504, "detail": "The news service was too slow."},
    ]


@pytest.mark.parametrize("app", APPS)
def test_where_every_source_fails_so_does_the_feed(database: Path, app: str) -> None:
    status, body = asked(app, database, Counted(lambda source: (500, 0.0)), "/api/users/7/feed?sources=3")
    assert (status, body["detail"]) == (502, "The news service failed.")


@pytest.mark.parametrize(("app", "most"), [("wsgi", 1), ("asgi", 6)])
def test_each_source_is_asked_once_in_turn_or_all_at_once(database: Path, app: str, most: int) -> None:
    counted = Counted(lambda source: (200, 0.2))
    status, _ = asked(app, database, counted, "/api/users/7/feed?sources=6")
    assert status == 200
    assert sorted(counted.asked) == ["1", "2", "3", "4", "5", "6"]
    assert counted.most_at_once == most


@pytest.mark.parametrize("app", APPS)
def test_many_slow_sources_do_not_lose_the_first(database: Path, app: str) -> None:
    """In turn they would take longer together than a server lets a request take."""
    counted = Counted(lambda source: (200, 0.0 if source == "1" else 60.0))
    more = {"NEWS_CONNECTIONS": "20", "NEWS_TIMEOUT": "3", "FEED_TIMEOUT": "4"}
    with (
        news_service(counted.answer) as url,
        in_process(app, settings_for(database, NEWS_URL=url, **more)) as client,
    ):
        began = monotonic()
        answer = client.request("GET", "/api/users/7/feed?sources=20")
    assert monotonic() - began < 30  # in turn it would be 57
    body = json.loads(answer.body)
    assert (answer.status, body["items"]) == (200, [{"title": "from 1", "url": "/1"}])
    assert body["missing"] == [
        {"source": source, "status": 504, "detail": "The news service was too slow."} for source in range(2, 21)
    ]


def test_a_feed_ends_before_a_server_ends_its_request() -> None:
    command = stacks.load([])["wsgi-sync"].command
    allowed = float(command[command.index("--timeout") + 1])
    assert from_environment({}).feed_timeout + 5 <= allowed
