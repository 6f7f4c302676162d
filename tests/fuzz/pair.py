"""Two stacks on equal databases, and whether they answer alike."""

from __future__ import annotations

import http.client
import re
import shlex
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tandem import serving
from tandem import stacks as tandem_stacks
from tests.conftest import place_for

NAMES = ("wsgi-gthread", "asgi")
CREATED = re.compile(rb'"created_at":"(?!2026-01-01)[^"]*"|<time>(?!2026-01-01)[^<]*</time>')


@dataclass(frozen=True)
class Answer:
    """One answer, without the values that may differ: date, request id, the time a user was created."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    def __str__(self) -> str:
        head = [f"{self.status} {self.reason}", *(f"{name}: {value}" for name, value in self.headers)]
        return "\n".join([*head, "", self.body.decode(errors="backslashreplace")])


class Connection:
    """A kept connection to one stack."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        """Send bytes and read one answer. Raises OSError or http.client.HTTPException where there is none."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        try:
            self.socket.sendall(request)
            found = http.client.HTTPResponse(self.socket, method=request.partition(b" ")[0].decode())
            found.begin()
            body, closes = found.read(), found.will_close
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if closes:
            self.close()
        return masked(found, body)

    def close(self) -> None:
        """Close it."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def masked(found: http.client.HTTPResponse, body: bytes) -> Answer:
    """The answer without what may differ."""
    request_id = (found.getheader("X-Request-ID") or "none").encode()
    body = CREATED.sub(b"<now>", body.replace(request_id, b"<id>"))
    headers = [(name, "…" if name in ("Date", "X-Request-ID") else value) for name, value in found.getheaders()]
    return Answer(found.status, found.reason, headers, body)


@dataclass
class Pair:
    """Both stacks, and what was counted."""

    connections: dict[str, Connection]
    requests: int = 0
    faults: int = 0  # answers of 500 and above
    seen: dict[int, int] = field(default_factory=dict)  # how often each status came

    def difference(self, request: bytes) -> str | None:
        """Ask both the same; return what is wrong with the answers, or None."""
        answers = {name: self._ask(connection, request) for name, connection in self.connections.items()}
        self.requests += 1
        first, second = answers.values()
        status = first.status if isinstance(first, Answer) else 0
        self.seen[status] = self.seen.get(status, 0) + 1
        broken = [each for each in answers.values() if not isinstance(each, Answer) or each.status >= 500]
        self.faults += bool(broken)
        if first == second and not broken:
            return None
        told = "\n\n".join(f"--- {name}\n{answer}" for name, answer in answers.items())
        return f"{curl(request)}\n\n{told}"

    def _ask(self, connection: Connection, request: bytes) -> Answer | str:
        try:
            return connection.ask(request)
        except (OSError, http.client.HTTPException) as error:
            return f"no answer: {error!r}"


@contextmanager
def running(folder: Path, seeded: Path, news_url: str) -> Iterator[Pair]:
    """Start both stacks behind nginx, each on a copy of one seeded database."""
    with ExitStack() as exits:
        connections = {}
        for name in NAMES:
            (folder / name).mkdir()
            place = place_for(folder / name, seeded, news_url)
            stack = exits.enter_context(serving.running(name, tandem_stacks.load([])[name], place))
            connections[name] = Connection(stack.port)
            exits.callback(connections[name].close)
        yield Pair(connections)


def curl(request: bytes, port: str = "8080") -> str:
    """Return a request as a line for the shell, as close as curl can come to it."""
    head, _, data = request.partition(b"\r\n\r\n")
    line, *headers = head.decode(errors="backslashreplace").split("\r\n")
    method, target, _ = line.split(" ", 2)
    parts = ["curl", "-i", "--path-as-is", "-X", method]
    for each in headers:
        if not each.lower().startswith(("host:", "content-length:", "transfer-encoding:")):
            parts += ["-H", each]
    if data:
        parts += ["--data-binary", data.decode(errors="backslashreplace")]
    return shlex.join([*parts, f"http://127.0.0.1:{port}{target}"])
