"""How many seeded users a target turns out to have, and who is let in."""

from __future__ import annotations

import json

import pytest

from openloop.target import RefusedError, Target
from tests.loadtest.conftest import Room


@pytest.mark.parametrize("seeded", [1, 2, 3, 20, 999, 1000, 1024, 10_000])
def test_seeded_users_are_counted(seeded: int, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was added later does not count, and a few that were removed do no harm."""
    asked = []
    names = {user_id: room.seeded.username(user_id) for user_id in range(1, seeded + 1)}
    names |= {seeded + later: f"load-{later}" for later in range(3, 40)}
    for removed in (2, seeded // 2 + 1):
        if removed < seeded:
            names.pop(removed, None)

    def get(path: str) -> tuple[int, bytes]:
        asked.append(path)
        after = int(path.removeprefix("/api/users?after=").removesuffix("&limit=1"))
        found = [{"id": user_id, "username": name} for user_id, name in names.items() if user_id > after][:1]
        return 200, json.dumps({"users": found}).encode()

    target = Target("http://127.0.0.1:1")
    monkeypatch.setattr(target, "get", get)
    assert room.database.seeded_users(target) == seeded
    assert len(asked) < 40


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"users":[{}]}', b'{"users":3}'])
def test_something_else_is_no_user_database(body: bytes, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target("http://127.0.0.1:1")
    monkeypatch.setattr(target, "get", lambda path: (404, body))
    with pytest.raises(RefusedError, match=r"/api/users\S* answers 404 "):
        room.database.seeded_users(target)


@pytest.mark.parametrize(
    ("status", "body", "part"),
    [
        (401, b"{}", "--login-name"),
        (429, b"<html>", "LIMITS=0"),
        (503, b"", "busy"),
        (404, b"{}", "user database"),
        (200, b"{}", "user database"),
        (200, b'{"token":""}', "user database"),
        (200, b"[]", "user database"),
        (401, b'{"token":"x"}', "--login-name"),
    ],
)
def test_who_is_not_let_in_learns_what_to_do(
    status: int, body: bytes, part: str, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target("http://127.0.0.1:1")
    monkeypatch.setattr(target, "post", lambda path, body_: (status, body))
    with pytest.raises(RefusedError) as refused:
        room.database.log_in(target, "admin", "secret-words")
    said = str(refused.value)
    assert [each for each in ("http://127.0.0.1:1/api/login", "admin", f"({status})", part) if each not in said] == []
    assert "secret-words" not in said


def test_who_is_let_in_gets_the_token(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def post(*asked: object) -> tuple[int, bytes]:
        sent.append(asked)
        return 200, b'{"token":"x","expires_at":"later"}'

    target = Target("http://127.0.0.1:1")
    monkeypatch.setattr(target, "post", post)
    assert room.database.log_in(target, "admin", "secret-words") == "x"
    assert sent == [("/api/login", {"username": "admin", "password": "secret-words"})]


def test_an_empty_database(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target("http://127.0.0.1:1")
    monkeypatch.setattr(target, "get", lambda path: (200, b'{"users":[],"next":null}'))
    with pytest.raises(RefusedError, match="seeded"):
        room.database.seeded_users(target)


@pytest.mark.parametrize(("after", "sentence"), [(11, "(429 after 11)"), (0, "(429 after 0)"), (100, "")])
def test_limits_on_logins_are_found_before_the_run(
    after: int, sentence: str, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def post(path: str, body: dict[str, str]) -> tuple[int, bytes]:
        names.append(body["username"])
        return (429 if len(names) > after else 200), b"{}"

    target = Target("http://127.0.0.1:1")
    monkeypatch.setattr(target, "post", post)
    if sentence:
        with pytest.raises(RefusedError, match="LIMITS=0") as refused:
            room.database.check_unlimited(target, 1000)
        assert sentence in str(refused.value)
    else:
        room.database.check_unlimited(target, 1000)
        assert len(set(names)) == 12, "an app counts the attempts under each name"
