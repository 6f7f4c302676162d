"""The page's server: what it answers, and whom it refuses. No app under test is needed for that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tandem.live import page
from tandem.live.laboratory import Laboratory
from tests.tandem.live.lanes import App, lane, serving, setup

HERE = "http://127.0.0.1:8090"
PRESS = {"kind": "sleep-in-handler", "wrong": True, "times": 1, "number": 1}
pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def laboratory() -> AsyncIterator[Laboratory]:
    """One whose lanes answer."""
    app = App(16)
    async with serving(app):
        found = Laboratory(setup([lane("loop", None, app.port), lane("threads", 16, app.port)], rate=40))
        yield found
        await found.stop()


@pytest_asyncio.fixture
async def client(laboratory: Laboratory) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is on the page."""
    transport = httpx.ASGITransport(app=page.app(laboratory))
    async with httpx.AsyncClient(transport=transport, base_url=HERE, headers={"origin": HERE}) as found:
        yield found


async def test_its_files_name_nothing_elsewhere(client: httpx.AsyncClient) -> None:
    for path in page.PAGE_FILES:
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert re.findall(r"//(?!www\.w3\.org/2000/svg)\w+\.\w+", answer.text) == []


async def test_a_press_starts_a_blocker_in_every_lane(client: httpx.AsyncClient, laboratory: Laboratory) -> None:
    assert (await client.post("/press", json=PRESS)).status_code == 202
    again = await client.post("/press", json=PRESS)
    assert (again.status_code, list(again.json())) == (409, ["detail"])
    told = (await client.get("/state")).json()["presses"]
    assert [(each["kind"], each["over"], len(each["parts"])) for each in told] == [("sleep-in-handler", False, 2)]


@pytest.mark.parametrize(
    "origin", [None, "null", "http://127.0.0.1:9999", "http://example.org", "https://127.0.0.1:8090"]
)
async def test_nobody_else_s_page_starts_one(
    client: httpx.AsyncClient, laboratory: Laboratory, origin: str | None
) -> None:
    del client.headers["origin"]
    answer = await client.post("/press", json=PRESS, headers={"origin": origin} if origin else {})
    assert answer.status_code == 403
    assert not laboratory.presses


async def test_no_other_name_of_this_machine_gets_in(client: httpx.AsyncClient) -> None:
    for host in ("rebound.example.org:8090", "127.0.0.1", ""):
        assert (await client.get("/", headers={"host": host})).status_code == 421
    assert (await client.get("/", headers={"host": "localhost:8090"})).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"[]", 422), (b"x" * 2000, 422), (b'{"kind":"none","wrong":true,"times":1,"number":1}', 409)],
)
async def test_what_is_no_press_starts_nothing(
    client: httpx.AsyncClient, laboratory: Laboratory, body: bytes, status: int
) -> None:
    assert (await client.post("/press", content=body)).status_code == status
    assert (await client.get("/press")).status_code == 405
    assert not laboratory.presses


async def test_predictions_are_there_before_a_press(client: httpx.AsyncClient) -> None:
    found = (await client.get("/predictions?times=5&number=1")).json()
    assert found["sleep-in-handler"]["wrong"] == {"lanes": [[38, 40], [0, 40]], "too_long": False}
    assert found["password"]["wrong"]["lanes"] == [None, None]
    assert found["password"].keys() == {"wrong"}
    many = (await client.get("/predictions?times=5&number=50")).json()
    assert many["sleep-in-handler"]["wrong"] == {"lanes": [], "too_long": True}
    for query in ("", "?times=5", "?times=x&number=1", "?times=2&number=1"):
        assert (await client.get(f"/predictions{query}")).status_code == 422


async def test_the_state_is_what_has_changed(client: httpx.AsyncClient, laboratory: Laboratory) -> None:
    async def told(since: str = "") -> list[dict[str, Any]]:
        lanes: list[dict[str, Any]] = (await client.get(f"/state?since={since}")).json()["lanes"]
        return lanes

    runway = laboratory.lanes[0]
    dot = runway.dots.due(1, laboratory.began)
    first = (await told())[0]
    assert (first["changes"], first["waiting"], first["dots"]) == (1, 1, [[1, 0.0, None, 0]])
    assert (await told("1,0"))[0]["dots"] == []
    await asyncio.sleep(0)
    runway.dots.answered(dot, laboratory.began + 0.25, 200)
    assert (await told("1,0"))[0]["dots"] == [[1, 0.0, 250.0, 200]]
    assert (await told("x"))[0]["recent"] == [1, 1]
