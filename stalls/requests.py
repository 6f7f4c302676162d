"""The requests in flight in this process, and which of them a task or a thread works for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

_numbers = itertools.count(1)


class Request:
    """One request: its id, and its route, which is known only once it has been routed."""

    __slots__ = ("_route", "cpu", "id", "since", "wait")

    def __init__(self, id: str | None, route: Callable[[], str], since: float) -> None:
        self.id = id or f"{os.getpid()}-{next(_numbers)}"
        self._route: Callable[[], str] | str = route
        self.since = since
        self.wait: float | None = None
        """How long it waited for its slot, in seconds; None where nobody can know."""
        self.cpu = 0.0

    @property
    def route(self) -> str:
        """Its method and route, or its path where it has not been routed yet."""
        return self._route if isinstance(self._route, str) else self._route()

    def ended(self) -> None:
        """Keep the route as text: what it was read from may go."""
        self._route = self.route


current: ContextVar[Request | None] = ContextVar("stalls_request", default=None)
"""The request that this code works for."""


class InFlight:
    """The requests that have begun and not ended, by task or by thread."""

    def __init__(self) -> None:
        self.by_owner: dict[Any, Request] = {}

    def of_task(self, task: Any) -> Request | None:
        """The request that a task works for. Tasks that it started in its turn are known from Python 3.12 on."""
        if task is None:
            return None
        found = self.by_owner.get(task)
        if found is None and hasattr(task, "get_context"):
            found = task.get_context().get(current)
        return found

    def requests(self) -> list[Request]:
        """All of them. Safe in any thread: a dict is copied in one step."""
        return list(self.by_owner.copy().values())


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first header of that name, which is in lower case."""
    return next((value.decode("latin-1") for key, value in headers if key == name), None)
