"""Users from a CSV file: all of them or none, by an administrator, and each bad line is told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from tests.support.accounts import ADMIN, bearer
from tests.support.answers import Answer
from tests.support.clients import Client
from tests.support.files import UPLOAD, people, upload
from tests.support.people import PASSWORD, log_in
from tests.support.problems import faults, problem
from userdb import csv_files, uploads

PATH = "/api/users/import"
HEADERS = {**ADMIN, **UPLOAD}


def send(client: Client, file: bytes) -> Answer:
    """Import a file as the administrator."""
    return client.request("POST", PATH, HEADERS, upload(file))


def found(client: Client, name: str) -> list[dict[str, object]]:
    """The users whose names begin so."""
    users: list[dict[str, object]] = json.loads(client.request("GET", f"/api/users?limit=100&q={name}").body)["users"]
    return users


def test_all_users_of_a_file_are_there(client: Client) -> None:
    name = f"in-{token_hex(4)}"
    answer = send(client, people(250, name))
    assert (answer.status, answer.header("Content-Type"), answer.body) == (201, "application/json", b'{"imported":250}')
    users = found(client, f"{name}-")
    assert (users[0]["username"], users[0]["email"]) == (f"{name}-0", f"{name}-0@example.org")
    assert [(each["age"], each["version"]) for each in users[:2]] == [(36, 1), (None, 1)]
    assert len(found(client, f"{name}-2")) == 61
    for password in ("", PASSWORD):  # nobody has a password until they are given one
        assert log_in(client, f"{name}-0", password).status == 401
    more = client.request(
        "PATCH",
        f"/api/users/{users[0]['id']}",
        {**ADMIN, "Content-Type": "application/json"},
        b'{"password":"%s"}' % PASSWORD.encode(),
    )
    assert more.status == 200
    assert log_in(client, f"{name}-0", PASSWORD).status == 200


def test_one_bad_line_and_nobody_is_there(client: Client) -> None:
    name = f"in-{token_hex(4)}"
    bad = people(120, name) + b"no one,x,\n"
    assert faults(send(client, bad)) == ["line 122", "line 122"]
    assert found(client, name) == []


def test_lines_that_others_have_are_named(client: Client) -> None:
    name = f"in-{token_hex(4)}"
    taken = people(120, name) + f"admin,{name}@b,\n{name}-x,USER0000007@example.org,7\n".encode()
    told = problem(send(client, taken), 409)
    assert told["errors"] == [
        {"field": "line 122", "message": "username is taken"},
        {"field": "line 123", "message": "email is taken"},
    ]
    assert found(client, name) == []
    assert send(client, people(30, name)).status == 201
    assert len(problem(send(client, people(30, name)), 409)["errors"]) == 20


def test_only_an_administrator_imports(client: Client) -> None:
    body = upload(people(1))
    assert client.request("POST", PATH, UPLOAD, body).status == 401
    assert client.request("POST", PATH, {**UPLOAD, **bearer(7)}, body).status == 403
    assert client.request("POST", f"{PATH}?x=1", HEADERS, body).status == 422


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", upload(b"a"), 400),
        (UPLOAD["Content-Type"], upload(people(3))[:-9], 400),
        (UPLOAD["Content-Type"], upload(b"username,email\n\0,a@b"), 422),
        (UPLOAD["Content-Type"], upload(b"username,email\n" + b"," * 1_000_000), 422),
        (UPLOAD["Content-Type"], upload(b"username,email\n\xff,a@b"), 422),
    ],
)
def test_what_is_no_file_is_a_problem(client: Client, content_type: str, body: bytes, status: int) -> None:
    problem(client.request("POST", PATH, {**ADMIN, "Content-Type": content_type}, body), status)


def test_a_file_up_to_the_limit_and_no_further(client: Client) -> None:
    room = uploads.LARGEST - len(upload(b""))
    assert problem(send(client, b"," * room), 422)["errors"] == [
        {"field": "line 1", "message": "is longer than 1000 characters"}
    ]
    assert problem(send(client, b"," * (room + 1)), 413)["detail"] == "The request is larger than this URL takes."


def test_there_is_no_user_of_that_name(client: Client) -> None:
    answer = client.request("GET", PATH)
    assert (problem(answer, 405)["status"], answer.header("Allow")) == (405, "OPTIONS, POST")


def test_what_others_take_meanwhile_leaves_nothing_half_written(
    app_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on PostgreSQL, where somebody may come between what is asked and what is written."""
    monkeypatch.setattr(csv_files, "refuse_taken", lambda *given: None)
    answer = send(app_client, people(150, "half") + b"admin,half@b,\n")
    assert problem(answer, 409)["detail"] == "Another user has this username."
    assert found(app_client, "half") == []
    assert send(app_client, people(150, "half")).status == 201


def test_of_many_imports_of_one_file_at_once_one_is_done(stack_client: Client) -> None:
    file = people(300, name := f"in-{token_hex(4)}")
    with ThreadPoolExecutor(8) as pool:
        statuses = [answer.status for answer in pool.map(lambda _: send(stack_client, file), range(16))]
    assert sorted(statuses) == [201] + [409] * 15
    assert [len(found(stack_client, f"{name}-{first}")) for first in (1, 2, 3)] == [
        100,
        100,
        11,
    ]  # their first is a page
