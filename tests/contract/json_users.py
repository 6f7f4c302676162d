"""What the tests of the JSON API share."""

from __future__ import annotations

import json
from typing import Any

from tests.support.accounts import ADMIN_JSON
from tests.support.answers import Answer
from tests.support.clients import Client
from tests.support.people import fresh


def create(client: Client, **more: Any) -> dict[str, Any]:
    """A user of the test's own."""
    name = fresh()
    answer = send(client, "POST", "/api/users", {"username": name, "email": f"{name}@example.org", **more})
    assert answer.status == 201, answer
    found: dict[str, Any] = json.loads(answer.body)
    return found


def send(client: Client, method: str, target: str, value: Any, **headers: str) -> Answer:
    """Send a value as JSON; header names are given with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return client.request(method, target, {**ADMIN_JSON, **named}, json.dumps(value).encode())
