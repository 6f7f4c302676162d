"""What the tests of forms share: fields, messages, and what the API tells meanwhile."""

from __future__ import annotations

import json
from typing import Any

from tests.support.clients import Client
from tests.support.people import PASSWORD, Member, Page, fresh


def user(client: Client, member: Member) -> dict[str, Any]:
    """A member as the API tells."""
    found: dict[str, Any] = json.loads(client.request("GET", member.path).body)
    return found


def messages(page: Page) -> list[str]:
    """What a page says about what was done before it."""
    return [
        line.split(">")[1].split("<")[0] for line in page.text.splitlines() if line.startswith('<p class="message"')
    ]


def filled_in(**more: str) -> dict[str, str]:
    """A new user's fields."""
    name = fresh()
    return {"username": name, "email": f"{name}@example.org", "age": "36", "password": PASSWORD, **more}
