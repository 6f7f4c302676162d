"""The Flask app behind an ASGI server, through an adapter: each request occupies one of its threads from start to end."""

from __future__ import annotations

from typing import Any

from a2wsgi import WSGIMiddleware

from wsgi_app import app

THREADS = 10
"""The adapter's own default; tandem/plan/servers.toml counts on it."""


def create_app() -> Any:
    """The app as an ASGI callable."""
    return WSGIMiddleware(app.create_app(), workers=THREADS)
