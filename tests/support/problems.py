"""Errors below /api: one form for all of them, and checked wherever one is read."""

from __future__ import annotations

import json
from typing import Any

from tests.support.answers import Answer


def problem(answer: Answer, status: int | None = None) -> dict[str, Any]:
    """The body of an error below /api, with this status where one is named."""
    assert answer.header("Content-Type") == "application/problem+json", answer
    found: dict[str, Any] = json.loads(answer.body)
    assert list(found)[:5] == ["type", "title", "status", "detail", "request_id"]
    assert found["status"] == answer.status == (status or answer.status)
    return found


def faults(answer: Answer) -> list[str]:
    """The fields that a 422 names."""
    return [error["field"] for error in problem(answer, 422)["errors"]]
