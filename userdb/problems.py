"""What a client is told of an error: problem+json below /api, a page elsewhere."""

from __future__ import annotations

from userdb import errors, html, wire


def answer(problem: errors.Problem, path: str, request_id: str) -> wire.Answer:
    """The answer for an error of a request for this path."""
    if path == "/api" or path.startswith("/api/"):
        return wire.problem(problem, request_id)
    return html.problem(problem, request_id)
