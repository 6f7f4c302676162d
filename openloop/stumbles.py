"""Stumbles: failures of the load test's own code, told with their traceback, once for each kind."""

from __future__ import annotations

import logging

from locust.env import Environment

from openloop.request import Request

MOST_KINDS = 20
"""Kinds of failures of checks that are told in full."""

_log = logging.getLogger(__name__)


class Stumbles:
    """Which kinds of failures a run has told."""

    def __init__(self, environment: Environment) -> None:
        self._environment, self._told = environment, set[str]()

    def forget(self) -> None:
        """Another run begins."""
        self._told.clear()

    def tell(self, request: Request, error: Exception) -> None:
        """A check failed by itself, so the server may be right."""
        kind = f"{request.name} {type(error)} {error}"[:200]
        if kind in self._told or len(self._told) >= MOST_KINDS:
            return
        self._told.add(kind)
        _log.error(f"The check of {request.name} failed by itself, so the server may be right:", exc_info=error)
        self._environment.events.user_error.fire(user_instance=None, exception=error, tb=error.__traceback__)
