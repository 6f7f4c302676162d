"""A ledger of writes: clients of a stack change users and note what was acknowledged, also while its workers are killed."""

from __future__ import annotations

import http.client
import json
import threading
from collections import defaultdict
from typing import Any

from tandem.launch.running_stack import RunningStack
from tandem.observe.usage import scan
from tests.support.accounts import ADMIN_JSON
from tests.support.answers import Answer
from tests.support.clients import HttpClient
from tests.support.processes import server

CLIENTS = 8
GONE = -1
"""Instead of an age: the user was removed."""


class Ledger:
    """What each user may be by now: the age that was acknowledged last, or one that was sent since without an answer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.acknowledged = 0
        self.created: list[int] = []
        self.ages: dict[int, set[int]] = defaultdict(set)

    def sent(self, user_id: int, age: int) -> None:
        """The user may become so from now on."""
        with self.lock:
            self.ages[user_id].add(age)

    def answered(self, user_id: int, age: int) -> None:
        """The user is so."""
        with self.lock:
            self.acknowledged += 1
            self.ages[user_id] = {age}


def workers(running: RunningStack) -> list[int]:
    """The processes that a master has started to answer requests."""
    servers = {server(keeper) for keeper in running.keepers()}
    return [process.pid for process in scan() if process.parent in servers]


def ask(port: int, method: str, path: str, value: dict[str, Any]) -> Answer | None:
    """The answer to one request, None where there is none that says whether it was done."""
    try:
        answer = HttpClient("127.0.0.1", port).request(method, path, ADMIN_JSON, json.dumps(value).encode())
    except (OSError, http.client.HTTPException):
        return None
    assert answer.status < 500 or answer.status == 502, answer  # nginx: nobody is there
    return answer if answer.status < 500 else None


def write(port: int, name: str, ledger: Ledger, stop: threading.Event) -> None:
    """Create users, change them, and remove every third of them, until told to stop."""
    number = 0
    while not stop.is_set():
        number += 1
        username = f"{name}-{number}"
        answer = ask(port, "POST", "/api/users", {"username": username, "email": f"{username}@example.org", "age": 1})
        if answer is None:
            continue
        assert answer.status == 201, answer
        user_id = json.loads(answer.body)["id"]
        ledger.created.append(user_id)
        ledger.answered(user_id, 1)
        path = f"/api/users/{user_id}"
        ledger.sent(user_id, 2)
        if (answer := ask(port, "PATCH", path, {"age": 2})) is None:
            continue
        assert answer.status == 200, answer
        ledger.answered(user_id, 2)
        if number % 3 == 0:
            ledger.sent(user_id, GONE)
            if (answer := ask(port, "DELETE", path, {})) is not None:
                assert answer.status == 204, answer
                ledger.answered(user_id, GONE)
