"""Events of users as a listener reads them, and what makes some."""

from __future__ import annotations

import json
import re
from secrets import token_hex

from tests.support.accounts import ADMIN, ADMIN_JSON
from tests.support.clients import Client
from tests.support.files import UPLOAD, upload

EVENT = re.compile(rb'id: (\d+)\nevent: (\w+)\ndata: {"user_id":(\d+),"version":(\d+)}\n\n')


def change(client: Client) -> int:
    """Create two users, one of them from a file, change one and remove it: the id of that."""
    name = f"event-{token_hex(4)}"
    made = client.request(
        "POST", "/api/users", ADMIN_JSON, json.dumps({"username": name, "email": f"{name}@b"}).encode()
    )
    number = int(json.loads(made.body)["id"])
    lines = f"username,email,age\n{name}-2,{name}-2@b,7\n".encode()
    assert client.request("POST", "/api/users/import", {**ADMIN, **UPLOAD}, upload(lines)).status == 201
    assert client.request("PATCH", f"/api/users/{number}", ADMIN_JSON, b'{"age":3}').status == 200
    assert client.request("PATCH", f"/api/users/{number}", ADMIN_JSON, b'{"username":"admin"}').status == 409
    assert client.request("DELETE", f"/api/users/{number}", ADMIN).status == 204
    return number
