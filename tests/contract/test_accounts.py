"""Accounts by the API: logging in and out, and who may do what; their passwords: test_account_passwords.py."""

from __future__ import annotations

import json

from tests.support.accounts import ADMIN, SESSIONS
from tests.support.clients import Client
from tests.support.headers import FORM, JSON
from tests.support.people import PASSWORD, authorization, bearer, fresh, join, log_in, send, token
from tests.support.problems import faults, problem
from userdb.models import timestamp

SECURED = [("GET", "/api/me"), ("POST", "/api/logout"), ("POST", "/api/users")]
SECURED += [(method, "/api/users/7") for method in ("PUT", "PATCH", "DELETE")]


def test_a_login_gives_a_token_that_tells_who_one_is(client: Client) -> None:
    member = join(client, PASSWORD)
    answer = log_in(client, member.username, PASSWORD)
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    given = json.loads(answer.body)
    assert list(given) == ["token", "expires_at"]
    session = SESSIONS.read(given["token"])
    assert session is not None
    assert given["expires_at"] == timestamp(session.expires)
    me = client.request("GET", "/api/me", authorization(given["token"]))
    assert (me.status, me.body) == (200, client.request("GET", member.path).body)


def test_each_login_begins_a_session_of_its_own(client: Client) -> None:
    member = join(client, PASSWORD)
    first, second = token(client, member), token(client, member)
    assert first != second
    assert client.request("POST", "/api/logout", authorization(first)).status == 204
    assert client.request("GET", "/api/me", authorization(first)).status == 401
    assert client.request("GET", "/api/me", authorization(second)).status == 200


def test_after_logging_out_a_token_is_of_no_use(client: Client) -> None:
    member = join(client)
    header = bearer(member)
    answer = client.request("POST", "/api/logout", header)
    assert (answer.status, answer.body, answer.header("Content-Type")) == (204, b"", None)
    problem(client.request("GET", "/api/me", header), 401)
    problem(client.request("POST", "/api/logout", header), 401)
    problem(send(client, "PATCH", member.path, {"age": 5}, header), 401)
    assert json.loads(client.request("GET", member.path).body)["version"] == 1


def test_the_scheme_is_read_as_http_has_it(client: Client) -> None:
    text = bearer(join(client))["Authorization"].partition(" ")[2]
    for scheme in ("bearer", "BEARER", "Bearer "):
        assert client.request("GET", "/api/me", {"Authorization": f"{scheme} {text}"}).status == 200


def test_what_needs_a_token_says_so(client: Client) -> None:
    text = ADMIN["Authorization"].partition(" ")[2]
    wrong = ["", "Bearer", "Bearer ", "Bearer x.y", f"Basic {text}", text, f"Bearer {text}x", f"Bearer,{text}"]
    for method, path in SECURED:
        for headers in ({}, *({"Authorization": value} for value in wrong)):
            answer = send(client, method, path, {"age": 5}, headers)
            assert problem(answer, 401)["detail"] == "This needs a token: log in first."
            assert answer.header("WWW-Authenticate") == "Bearer"
    assert json.loads(client.request("GET", "/api/users/7").body)["version"] == 1


def test_a_wrong_password(client: Client) -> None:
    member = join(client, PASSWORD)
    for password in ("", "wrong", PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1]):
        answer = log_in(client, member.username, password)
        assert problem(answer, 401)["detail"] == "The username or the password is wrong."
        assert answer.header("WWW-Authenticate") == "Bearer"


def test_usernames_are_case_sensitive_here_too(client: Client) -> None:
    problem(log_in(client, join(client, PASSWORD).username.upper(), PASSWORD), 401)


def test_without_a_password_nobody_can_log_in(client: Client) -> None:
    member = join(client)
    for password in ("", "None", "null", PASSWORD):
        problem(log_in(client, member.username, password), 401)


def test_a_login_that_is_none(client: Client) -> None:
    for value, fields in (
        ({}, ["username", "password"]),
        ({"username": "a b", "password": 1}, ["username", "password"]),
        ({"username": "", "password": "x" * 129}, ["username", "password"]),
        ({"username": "a", "password": "b", "more": 1}, ["more"]),
        ({"username": "a", "password": None}, ["password"]),
    ):
        assert faults(send(client, "POST", "/api/login", value)) == fields


def test_a_login_is_json_without_a_query(client: Client) -> None:
    body = b'{"username":"a","password":"b"}'
    problem(client.request("POST", "/api/login", FORM, b"username=a&password=b"), 415)
    problem(client.request("POST", "/api/login", FORM, body), 415)
    problem(client.request("POST", "/api/login", JSON, b"{"), 400)
    for method, path in (("POST", "/api/login"), ("POST", "/api/logout"), ("GET", "/api/me")):
        assert faults(send(client, method, f"{path}?next=/", {}, ADMIN)) == ["next"]


def test_a_user_changes_and_removes_itself(client: Client) -> None:
    member = join(client)
    header, name = bearer(member), fresh()
    changed = send(client, "PATCH", member.path, {"age": 5}, header)
    assert (changed.status, json.loads(changed.body)["age"]) == (200, 5)
    value = {"username": name, "email": f"{name}@example.org"}
    assert send(client, "PUT", member.path, value, header).status == 200
    assert json.loads(client.request("GET", "/api/me", header).body)["username"] == name
    assert client.request("DELETE", member.path, header).status == 204
    assert client.request("GET", member.path).status == 404


def test_an_administrator_changes_and_removes_anyone(client: Client) -> None:
    member = join(client)
    assert send(client, "PATCH", member.path, {"age": 5}, ADMIN).status == 200
    assert client.request("DELETE", member.path, ADMIN).status == 204


def test_nobody_else_does(client: Client) -> None:
    member, stranger = join(client), bearer(join(client))
    before = client.request("GET", member.path).body
    for method in ("PUT", "PATCH", "DELETE"):
        # Also where the body makes no sense, and where there is no such user: that is not for strangers to know.
        for value in ({"username": "x", "email": "x@example.org"}, {"nonsense": 1}):
            answer = send(client, method, member.path, value, stranger)
            assert problem(answer, 403)["detail"] == "You may change only yourself."
        problem(send(client, method, "/api/users/99999999", {}, stranger), 403)
        problem(send(client, method, "/api/users/1", {}, stranger), 403)
    assert client.request("GET", member.path).body == before


def test_only_an_administrator_creates_users(client: Client) -> None:
    name = fresh()
    value = {"username": name, "email": f"{name}@example.org"}
    problem(send(client, "POST", "/api/users", value), 401)
    problem(send(client, "POST", "/api/users", value, bearer(join(client))), 403)
    assert send(client, "POST", "/api/users", value, ADMIN).status == 201


def test_nobody_makes_himself_an_administrator(client: Client) -> None:
    member = join(client)
    for more in ({"is_admin": True}, {"id": 1}, {"password_hash": "x"}, {"version": 9}):
        assert faults(send(client, "PATCH", member.path, more, bearer(member))) == list(more)
        given = {"username": fresh(), "email": f"{fresh()}@example.org", **more}
        assert faults(send(client, "PUT", member.path, given, bearer(member))) == list(more)


def test_an_administrator_does_not_remove_itself(client: Client) -> None:
    answer = client.request("DELETE", "/api/users/1", ADMIN)
    assert problem(answer, 403)["detail"] == "An administrator is removed by another one."
    assert client.request("GET", "/api/users/1").status == 200


def test_the_token_of_a_user_who_is_gone_is_of_no_use(client: Client) -> None:
    member = join(client)
    header = bearer(member)
    assert client.request("DELETE", member.path, ADMIN).status == 204
    problem(client.request("GET", "/api/me", header), 401)
    problem(client.request("DELETE", member.path, header), 401)
    again = send(client, "POST", "/api/users", {"username": member.username, "email": member.email}, ADMIN)
    assert again.status == 201
    problem(client.request("GET", "/api/me", header), 401)
