"""What the fuzzer is made of: placeholders, what may differ in an answer, and a database that is brought back."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import argparse
import http.client
import shutil
import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tandem.plan import stacks
from tests.fuzz import pair, seed
from tests.fuzz.memory import CODEC, MINTED, Memory, minted
from tests.fuzz.step import Step, curl, written
from tests.support import database
from tests.support.accounts import SESSIONS
from tests.support.answers import CLOSE, Answer, mask
from tests.support.database import Database
from userdb import metrics

HOST = [("Host", "localhost")]


def headers(**given: str) -> Message:
    found = Message()
    for name, value in given.items():
        found[name.replace("_", "-")] = value
    return found


def test_two_stacks_of_the_whole_app_are_named() -> None:
    assert pair.named("asgi, wsgi-sync") == ("asgi", "wsgi-sync")
    for text in ("asgi", "asgi,asgi", "asgi,nonsense", "asgi,wsgi-sync,wsgi-gthread", "asgi,wsgi-bare"):
        with pytest.raises(argparse.ArgumentTypeError, match="two of these are needed"):
            pair.named(text)


def test_what_a_stack_gave_is_written_into_the_next_request() -> None:
    memory = Memory()
    cookie, token = minted("session", 7), minted("bearer", 8)
    memory.note(headers(Set_Cookie=f"session={cookie}; Path=/", Location="/users/51", ETag='"3"'), b"")
    memory.note(Message(), b'{"token":"%s"}' % token.encode())
    memory.note(headers(ETag='"4"'), b'<input name="csrf" value="abc"> <input name="version" value="9">')
    made = written("GET", "/{owner}/{visitor}/{id}/{version}?{csrf}", [("A", "{token} {cookie} {etag} {etag-1}")])
    assert memory.filled(made) == f'GET /8/7/51/9?abc HTTP/1.1\r\nA: {token} {cookie} "4" "3"\r\n\r\n'.encode()


def test_what_was_not_given_is_empty_and_what_is_no_placeholder_stays() -> None:
    made = written("GET", "/{token}/{nothing}/{age:1}", [])
    assert Memory().filled(made) == b"GET //{nothing}/{age:1} HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize("chunked", [False, True])
def test_the_length_is_that_of_what_is_sent(chunked: bool) -> None:
    memory = Memory()
    memory.note(headers(ETag="12345"), b"")
    sent = memory.filled(written("POST", "/", HOST, b"a={etag}", chunked))
    assert sent.endswith(b"\r\n\r\n7\r\na=12345\r\n0\r\n\r\n" if chunked else b"Content-Length: 7\r\n\r\na=12345")


@pytest.mark.parametrize("kind", MINTED)
def test_sessions_that_the_tests_sign_are_the_same_each_time_and_hold_or_not(kind: str) -> None:
    assert minted(kind, 7) == minted(kind, 7)
    if kind == "csrf":
        session = SESSIONS.read(minted("session", 7))
        assert session is not None
        assert SESSIONS.is_csrf_token(session, minted("csrf", 7))
        return
    read = SESSIONS.read(minted(kind, 7))
    assert (read is None) == (kind in ("forged", "expired"))
    assert read is None or (read.user_id, bool(read.flash)) == (7, kind == "flashed")


def test_tokens_are_told_by_what_they_say_and_times_stand_apart() -> None:
    session = CODEC.begin(seed.account(7))
    head = f"Set-Cookie: {CODEC.cookie(CODEC.flashed(session, 'changed'), secure=False)}\r\nRetry-After: 5"
    body = (
        f'{{"token":"{CODEC.token(session)}","expires_at":"2030-01-02T03:04:05Z","created_at":"2026-01-01T00:00:02Z"}}'
    )
    found = answered(head, body.encode())
    said = "<session of 7, 32 characters, stamp of 16, {!r}>".format
    cookie = f"session={said('changed')}; Path=/; Max-Age=<seconds>; HttpOnly; SameSite=Lax"
    assert found.headers[:2] == [("Set-Cookie", cookie), ("Retry-After", "<seconds>")]
    assert found.body.decode() == f'{{"token":"{said("")}","expires_at":"<time>","created_at":"2026-01-01T00:00:02Z"}}'
    assert found.times[0] == pytest.approx(10**8, abs=2)
    assert found.times[1:] == (5, 1893553445)


def test_a_token_that_nobody_signed_is_told_as_it_is() -> None:
    assert answered("A: b", b'{"token":"abc"}').body == b'{"token":"<no session of ours: abc>"}'


def test_times_may_differ_a_little_and_nothing_else() -> None:
    one = Answer(200, [], b"", "OK", (100.0,))
    assert one.is_like(Answer(200, [], b"", "OK", (100.0 + CLOSE,)))
    assert not one.is_like(Answer(200, [], b"", "OK", (100.1 + CLOSE,)))
    assert not one.is_like(Answer(200, [], b"", "OK", ()))
    assert not one.is_like(Answer(200, [("A", "b")], b"", "OK", (100.0,)))


def test_what_a_server_is_excepted_from_is_no_difference_and_all_else_is() -> None:
    both = pair.Pair({}, stacks.load()["asgi-hypercorn"].exemptions)
    step = Step("read", written("GET", "/zebra", HOST))
    one, other = Answer(404, [("A", "b")], b"", "Not Found", (100.0,)), Answer(404, [("A", "b")], b"", "", (101.0,))
    assert not one.is_like(other)
    assert one.is_like(both.excepted(step, one, other))
    late = replace(other, times=(101.0 + CLOSE,))
    for different in (
        replace(other, status=405),
        replace(other, headers=[("A", "c")]),
        replace(other, body=b"."),
        late,
    ):
        assert not one.is_like(both.excepted(step, one, different))
    assert not one.is_like(pair.Pair({}).excepted(step, one, other))


def test_what_a_server_may_let_through_is_not_asked_of_it_and_of_another() -> None:
    known = stacks.load()
    excepted = {probe for stack in known.values() for each in stack.exemptions for probe in each.requests if probe}
    assert excepted == pair.ODD.keys()
    both = pair.Pair({}, known["asgi-hypercorn"].exemptions)
    control, plain = (Step("read", written("GET", "/", [*HOST, ("X-Odd", value)])) for value in ("\x01", "\t."))
    twice = Step("write", written("POST", "/", [*HOST, ("Content-Type", "a/b"), ("content-type", "a/b")]))
    asked = [both.may_be_let_through(step) for step in (control, plain, twice)]
    assert asked == [True, False, True]
    assert not pair.Pair({}).may_be_let_through(control)


def test_of_metrics_only_what_there_is_is_compared() -> None:
    found = answered(f"Content-Type: {metrics.CONTENT_TYPE}", b"# TYPE b counter\n# TYPE a counter\na 1\nb 2\n")
    assert found == Answer(
        200, [("Content-Type", metrics.CONTENT_TYPE)], b"# TYPE a counter\n# TYPE b counter", "OK", found.times
    )


def test_a_database_is_brought_back_while_others_have_it_open(tmp_path: Path) -> None:
    seeded = seed.snapshot(tmp_path)
    first = Database(Path(shutil.copyfile(seeded, tmp_path / "one.db")), seeded)
    second = Database(Path(shutil.copyfile(seeded, tmp_path / "other.db")), seeded)
    app = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    with closing(first), closing(second), closing(app):
        first.restore()
        assert not first.is_changed()
        app.execute("DELETE FROM users WHERE id > 7")
        app.execute("INSERT INTO users (username, email, created_at, version) VALUES ('zoe', 'z@example.org', '', 1)")
        app.execute("INSERT INTO login_attempts VALUES ('zoe', 1, 2)")
        assert first.is_changed()
        told = database.difference(first.contents(seed.HASH), second.contents(seed.HASH))
        assert f"- users ({seed.USERS + 1}, 'zoe', 'z@example.org', None, 1, 0, 1, 0)" in told
        assert "+ users (8, 'user0000008', " in told
        assert "- login_attempts ('zoe', 1)" in told
        first.restore()
        assert first.contents(seed.HASH) == second.contents(seed.HASH)
        assert database.difference(first.contents(seed.HASH), second.contents(seed.HASH)) == ""


def test_a_request_as_a_line_for_the_shell() -> None:
    given = [("Host", "a"), ("Cookie", "session={cookie}"), ("Origin", ""), ("A", "\udcff"), ("B", "ä")]
    made = written("POST", "/login", given, b"\x01'\\", chunked=True)
    line = curl(made)
    assert line == (
        "curl -i -g --path-as-is -X POST -H 'Host: a' -H 'Cookie: session={cookie}' -H 'Origin;' "
        r"-H $'A: \xff' -H 'B: ä' -H 'Transfer-Encoding: chunked' -H Accept: -H User-Agent: -H Content-Type: "
        r"--data-raw $'\x01\x27\x5c' http://127.0.0.1:8080/login"
    )
    plain = written("HEAD", "/a?b={1}", [("Host", "localhost"), ("Accept", "x")])
    assert curl(plain) == (
        "curl -i -g --path-as-is --head -H 'Host: localhost' -H 'Accept: x' -H User-Agent: 'http://127.0.0.1:8080/a?b={1}'"
    )


def answered(head: str, body: bytes) -> Answer:
    """An answer as it comes from a stack, masked."""
    text = f"HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: {len(body)}\r\n\r\n"
    found = http.client.HTTPResponse(Wire(text.encode() + body))
    found.begin()
    return mask(Answer(found.status, found.getheaders(), found.read(), found.reason))


class Wire(socket.socket):
    """A connection on which everything has come already."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def makefile(self, *_: Any, **__: Any) -> Any:
        """What came."""
        self.close()
        return BytesIO(self.data)
