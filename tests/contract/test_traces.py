"""Trace context and the log of requests: both apps hand on the trace of a request, and log alike, where that is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.apps import APPS, in_process, settings_for
from tests.support.serving import Handler, serving
from userdb import trace

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("sent", "handed_on"),
    [
        (PARENT, PARENT),
        (f"cc-{TRACE}-{SPAN}-01-more", PARENT),
        (f"cc-{TRACE}-{SPAN}-01", PARENT),
        (f"{PARENT}-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (PARENT.upper(), None),
        (f"{PARENT},{PARENT}", None),
        (f"{PARENT}\n", None),
        ("", None),
        (None, None),
    ],
)
def test_only_what_the_standard_has_is_handed_on(sent: str | None, handed_on: str | None) -> None:
    assert trace.parent(sent) == handed_on
    assert trace.trace_id(sent) == (TRACE if handed_on else None)


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("path", ["news", "feed?sources=2"])
def test_the_news_service_is_told_the_trace_and_the_log_tells_it(
    app: str, path: str, database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[str | None] = []

    class Refuses(Handler):
        def get(self) -> None:
            told.append(self.headers["traceparent"])
            self.answer(503, b"")

    with serving(Refuses) as server:
        settings = settings_for(database, NEWS_URL=f"{server.url}/news", ACCESS_LOG="1")
        with in_process(app, settings) as client:
            for value in (PARENT, "nonsense"):
                headers = {"traceparent": value, "X-Request-ID": "an-id"}
                assert client.request("GET", f"/api/users/2/{path}", headers).status == 502
    questions = 1 if path == "news" else 2
    assert told == [PARENT] * questions + [None] * questions
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if '"path"' in line]
    name = path.partition("?")[0]
    for each, trace_id in zip(lines, ({"trace_id": TRACE}, {}), strict=True):
        assert each.pop("time").endswith("Z")
        assert each.pop("ms") > 0
        assert each == {
            "logger": f"{app}_app", "method": "GET", "path": f"/api/users/2/{name}", "status": 502, "request_id": "an-id",
            **trace_id,
        }  # fmt: skip


@pytest.mark.parametrize("app", APPS)
def test_nothing_is_logged_of_what_went_well_unless_asked_for(
    app: str, database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with in_process(app, settings_for(database)) as client:
        assert client.request("GET", "/healthz").status == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("app", APPS)
def test_a_path_is_logged_printable_and_bounded(app: str, database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with in_process(app, settings_for(database, ACCESS_LOG="1")) as client:
        client.request("GET", "/%1b%5b31m" + "x" * 1000 + "?password=hidden")
    [line] = capfd.readouterr().err.splitlines()
    assert json.loads(line)["path"].startswith("/\\u001b[31mxx")
    assert len(line) < 500
    assert "hidden" not in line
