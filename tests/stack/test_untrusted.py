"""What nginx lets a client say of itself, and how long it lets it take to do so."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tandem.launch.running_stack import RunningStack
from tests.support.clients import HttpClient
from tests.support.headers import FORM, JSON
from tests.support.people import PASSWORD, Person, join, log_in
from tests.support.stacks import STACKS
from userdb.passwords import SEEDED

SPOOFED = {
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Protocol": "ssl",
    "Front-End-Https": "on",
    "X_Forwarded_Proto": "https",
    "Forwarded": "for=10.0.0.1;proto=https;host=evil.example",
    "X-Request-ID": "spoofed",
}


def test_what_a_client_says_of_its_way_here_is_not_believed(stack_client: HttpClient) -> None:
    person = Person(stack_client)
    page = person.open("/login", SPOOFED)
    assert page.status == 200
    assert (page.answer.header("Set-Cookie") or "").endswith("; HttpOnly; SameSite=Lax")  # and not Secure
    assert page.answer.header("X-Request-ID") != "spoofed"
    missing = person.open("/nowhere", SPOOFED)
    assert "spoofed" not in missing.text
    assert (missing.answer.header("X-Request-ID") or "none") in missing.text
    fields = page.form("/login").fields | {"username": "admin", "password": SEEDED}
    for origin in ("https://evil.example", "http://evil.example", f"https://{person.host}"):
        assert person.send("/login", fields, {**SPOOFED, "Origin": origin}).status == 403
    sent = person.send("/login", fields, {**SPOOFED, "Origin": f"http://{person.host}"})
    assert sent.status == 303
    assert (sent.answer.header("Set-Cookie") or "").endswith("; HttpOnly; SameSite=Lax")


def test_another_hosts_name_opens_nothing(stack_client: HttpClient) -> None:
    for host in ("evil.example", f"evil.example:{stack_client.port}", "localhost.evil.example"):
        answer = stack_client.request("GET", "/login", {"Host": host})
        assert (answer.status, answer.header("Set-Cookie")) == (421, None)
    person = Person(stack_client)
    person.host = f"localhost:{stack_client.port}"  # as good a name of this machine as its number
    page = person.open("/login", {"Host": person.host})
    fields = page.form("/login").fields | {"username": "admin", "password": SEEDED}
    own = {"Origin": f"http://{person.host}"}
    assert person.send("/login", fields, {**own, "Host": f"127.0.0.1:{stack_client.port}"}).status == 403
    assert person.send("/login", fields, {**own, "Host": person.host}).status == 303


def test_no_page_can_be_framed_or_taken_for_something_else(stack_client: HttpClient) -> None:
    person, admin = Person(stack_client), Person(stack_client, 1)
    answers = [
        person.open(path).answer
        for path in ("/", "/login", "/register", "/users", "/users/7", "/nowhere", "/users?limit=0")
    ]
    answers += [admin.open(path).answer for path in ("/users/new", "/users/7/edit", "/users/7/delete", "/logout")]
    answers += [person.open("/users/7/edit").answer, person.send("/login", {}).answer]  # 303, 403
    answers += [stack_client.request("GET", "/api/users/7"), stack_client.request("POST", "/api/login", JSON, b"{}")]
    for answer in answers:
        policy = answer.header("Content-Security-Policy") or ""
        for part in ("default-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("Referrer-Policy") == "same-origin"
    assert {answer.status for answer in answers} == {200, 303, 403, 404, 422}


def test_a_cookie_beyond_what_nginx_takes(stack_client: HttpClient) -> None:
    answer = stack_client.request("GET", "/logout", {"Cookie": f"session={'x' * 9000}"})
    assert (answer.status, answer.header("Content-Type")) == (431, "text/html; charset=utf-8")


@pytest.mark.parametrize("name", STACKS)
def test_forms_that_never_end_keep_nobody_waiting(name: str, stack: Callable[[str], RunningStack]) -> None:
    """More of them than any stack has threads: they occupy nginx, and no process, thread or place of an app."""
    running = stack(name)
    client = HttpClient("127.0.0.1", running.port)
    heads = [
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: 500\r\n\r\n".encode()
        + begun
        for path, kind, begun in (
            ("/login", FORM["Content-Type"], b"username=admin&pass"),
            ("/register", FORM["Content-Type"], b"username="),
            ("/api/login", JSON["Content-Type"], b'{"username":"admin","password":"'),
        )
    ]
    with ExitStack() as exits:
        slow = [exits.enter_context(socket.create_connection(("127.0.0.1", running.port))) for _ in range(60)]
        for number, connection in enumerate(slow):
            connection.sendall(heads[number % len(heads)])
        member = join(client, PASSWORD)
        assert log_in(client, member.username, PASSWORD).status == 200
        person = Person(client)
        person.log_in(member)
        assert person.is_logged_in()
        for connection in slow:  # all this while they were there, and not answered
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)
