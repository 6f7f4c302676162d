"""A small server that answers as it is told: rightly, wrongly or never. It knows how often it was asked, and who logged in."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support import seeded
from tests.support.serving import Handler, serving

Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[str], Answer | None]
"""From a path to its answer; None: there will be none. Status 0: the connection is closed instead."""


def user(path: str, **different: object) -> Answer:
    """The right answer to /api/users/{id}, but for what is different."""
    user_id = int(path.rpartition("/")[2])
    body = seeded.user(user_id) | different
    return 200, {"Content-Type": "application/json", "ETag": f'"{body["version"]}"'}, json.dumps(body).encode()


def token(number: int) -> Answer:
    """The right answer to the n-th login."""
    return (
        200,
        {"Content-Type": "application/json"},
        json.dumps({"token": f"t{number}", "expires_at": "later"}).encode(),
    )


class Toy:
    """The running server."""

    def __init__(self, url: str, closing: threading.Event) -> None:
        self.url = url
        self.closing = closing
        self.requests = 0
        self.logins: list[dict[str, str]] = []
        self.authorizations: Counter[str | None] = Counter()
        """Of what was sent by POST, logins aside."""
        self.lock = threading.Lock()

    def asked(self) -> int:
        """How many requests came, that for its health aside."""
        return self.requests


@contextmanager
def toy(answering: Answering, logging_in: Callable[[int], Answer] = token) -> Iterator[Toy]:
    """A toy server, stopped at the end together with everybody who still waits for an answer."""

    class Told(Handler):
        def get(self) -> None:
            if self.path == "/healthz":
                answer: Answer | None = (200, {"Content-Type": "application/json"}, b'{"status":"ok"}')
            else:
                with known.lock:
                    known.requests += 1
                answer = answering(self.path)
            self.send(answer)

        def post(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            with known.lock:
                if self.path == "/api/login":
                    known.logins.append(json.loads(body))
                    answer: Answer | None = logging_in(len(known.logins))
                else:
                    known.authorizations[self.headers["Authorization"]] += 1
                    answer = answering(self.path)
            self.send(answer)

        def send(self, answer: Answer | None) -> None:
            if answer is None:
                known.closing.wait()
            if answer is None or not answer[0]:
                self.close_connection = True
                return
            status, headers, body = answer
            self.answer(status, body, headers)

    with serving(Told) as server:
        known = Toy(server.url, threading.Event())
        try:
            yield known
        finally:
            known.closing.set()
