"""The description of the API: it is valid, it is what is committed, and both apps do what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest

from tests.support.accounts import ADMIN_JSON, bearer
from tests.support.clients import Client
from tests.support.files import UPLOAD, people, upload
from tests.support.headers import JSON
from userdb import openapi, operations
from wsgi_app.app import ROUTES

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
DESCRIBED = {(operation.path, operation.method) for operation in operations.OPERATIONS}
PAGES = {
    "/",
    "/users",
    "/users/new",
    "/users/{user_id}",
    "/users/{user_id}/edit",
    "/users/{user_id}/delete",
    "/register",
    "/login",
    "/logout",
    "/docs",
    "/openapi.json",
    "/metrics",
}


@pytest.mark.usefixtures("processes")
def test_the_committed_description_is_that_of_the_code() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "userdb.openapi"], cwd=COMMITTED.parents[1], capture_output=True, text=True, check=True
    )
    assert printed.stdout == COMMITTED.read_text(), "run `make openapi` and commit docs/openapi.json"


def test_both_apps_serve_it(client: Client) -> None:
    answer = client.request("GET", "/openapi.json")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert json.loads(answer.body) == json.loads(COMMITTED.read_text())


def test_every_address_of_the_api_is_described_and_no_other() -> None:
    assert {(path, method) for path, views in ROUTES.items() if path not in PAGES for method in views} == DESCRIBED


ANSWERING = [each for each in operations.OPERATIONS if each.status != 101]
"""All but what becomes a WebSocket: tests/stack/test_sockets.py."""

PARAMETERS = [
    (operation, parameter)
    for operation in ANSWERING
    for parameter in operation.parameters
    if parameter.place == "query"
]


@pytest.mark.parametrize(("operation", "parameter"), PARAMETERS, ids=lambda each: each.name)
def test_a_parameter_may_be_what_its_schema_takes(
    client: Client, operation: operations.Operation, parameter: operations.Parameter
) -> None:
    """At its limits and just beyond them: description and validation are written apart."""
    path = operation.path.replace("{user_id}", "7")
    others = {each.name: "1" for each in operation.parameters if each.required and each.place == "query"}
    for value, taken in around(parameter.schema):
        answer = client.request(operation.method, f"{path}?{urlencode(others | {parameter.name: value})}")
        assert (answer.status == 200) == taken, (value, answer)
        assert answer.status in (200, 400, 422)


def around(schema: dict[str, Any]) -> list[tuple[str, bool]]:
    """Values as they stand in a URL, and whether the schema takes them."""
    if schema["type"] == "integer":
        least, most = schema["minimum"], schema["maximum"]
        values: list[Any] = [least - 1, least, most, most + 1]
        odd = [("x", False), ("1.5", False), ("1e1", False)]
    else:
        longest = schema["maxLength"]
        values = ["a" * longest, "a" * (longest + 1), "\x00", "\x1f", "\x7f", "\x80", "ä", " ", ""]
        odd = []
    check = jsonschema.Draft202012Validator(schema)
    return [(str(value), check.is_valid(value)) for value in values] + odd


def test_every_schema_is_one() -> None:
    found = list(schemas(json.loads(COMMITTED.read_text())))
    assert len(found) > 30
    for schema in found:
        jsonschema.Draft202012Validator.check_schema(schema)
        assert r"\Z" not in json.dumps(schema)


def schemas(node: Any) -> Any:
    """Yield every schema in a part of the document."""
    if isinstance(node, dict):
        if "schema" in node:
            yield node["schema"]
        for key, value in node.items():
            yield from value.values() if key == "schemas" else schemas(value)
    elif isinstance(node, list):
        for each in node:
            yield from schemas(each)


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """Return what checks a value against a schema of the document."""
    document = json.loads(COMMITTED.read_text())
    return jsonschema.Draft202012Validator({**schema, "components": document["components"]})


@pytest.mark.parametrize("operation", ANSWERING, ids=lambda operation: operation.name)
def test_an_answer_is_what_the_description_says(client: Client, operation: operations.Operation) -> None:
    described = json.loads(openapi.DOCUMENT)["paths"][operation.path][operation.method.lower()]["responses"]
    path = operation.path.replace("{user_id}", "7")
    if operation.method in ("PUT", "PATCH", "DELETE"):  # of a user of its own: other tests share the database
        mine = operations.NEW.replace("ada", token_hex(4)).encode()
        path = client.request("POST", "/api/users", ADMIN_JSON, mine).header("Location") or ""
    query = "?a=5&b=6" if operation.name == "add" else ""
    body = b""
    if operation.body is not None:
        body = operation.example.replace("ada", token_hex(4)).encode()
    headers = {**JSON, **bearer()}  # a session of its own, for it may be ended
    if operation.upload:
        headers, body = {**headers, **UPLOAD}, upload(people(2))
    if operation.name == "log_in":
        body = b'{"username":"admin","password":"correct-horse"}'
    method = "HEAD" if operation.name == "read_events" else operation.method  # what it sends has no end
    answer = client.request(method, path + query, headers, body)
    assert answer.status == operation.status
    if operation.answer is not None:
        content = described[str(operation.status)]["content"]["application/json"]
        validator(content["schema"]).validate(json.loads(answer.body))
        for header in operation.headers:
            assert answer.header(header) is not None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/users/0", b""),
        ("GET", "/api/users?limit=0", b""),
        ("GET", "/api/users/7/feed?sources=99", b""),
        ("POST", "/api/users", b"{"),
        ("POST", "/api/users", b'{"username":"","email":"x","age":999,"more":1}'),
        ("POST", "/api/users", b'{"username":"admin","email":"a@b"}'),
        ("POST", "/api/login", b'{"username":"nobody","password":"wrong"}'),
    ],
)
def test_an_error_is_what_the_description_says(client: Client, method: str, path: str, body: bytes) -> None:
    answer = client.request(method, path, ADMIN_JSON, body)
    template = re.sub(r"/\d+", "/{user_id}", path.partition("?")[0])
    responses = json.loads(openapi.DOCUMENT)["paths"][template][method.lower()]["responses"]
    assert str(answer.status) in responses
    validator({"$ref": "#/components/schemas/ProblemDetails"}).validate(json.loads(answer.body))


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ({"username": "ada", "email": "a@b"}, True),
        ({"username": "ada", "email": "a@b", "age": None}, True),
        ({"username": "a d a", "email": "a@b"}, False),
        ({"username": "ada\n", "email": "a@b"}, False),
        ({"username": "ada", "email": "nobody"}, False),
        ({"username": "ada", "email": "a@b", "age": 151}, False),
        ({"username": "ada", "email": "a@b", "more": 1}, False),
        ({"username": "ada"}, False),
        ({"username": "ada", "email": "a@b", "password": "12345678"}, True),
        ({"username": "ada", "email": "a@b", "password": "1234567"}, False),
        ({"username": "ada", "email": "a@b", "password": "x" * 129}, False),
    ],
)
def test_the_description_takes_what_the_validation_takes(client: Client, value: dict[str, Any], good: bool) -> None:
    schema = {"$ref": "#/components/schemas/UserForm"}
    # Python's `$` would let a newline through at the end, JavaScript's does not.
    text = json.dumps(json.loads(COMMITTED.read_text())["components"]).replace('$"', '\\\\Z"')
    checker = jsonschema.Draft202012Validator({**schema, "components": json.loads(text)})
    assert checker.is_valid(value) is good
    answer = client.request("PUT", "/api/users/99999", ADMIN_JSON, json.dumps(value).encode())
    assert answer.status == (404 if good else 422)
