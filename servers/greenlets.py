"""gunicorn's greenlet worker with our seam: what it can't read is answered by nginx (wsgi_app/server.py)."""

from __future__ import annotations

from gunicorn.workers.ggevent import GeventWorker

from wsgi_app.server import Protocol


class GreenletWorker(Protocol, GeventWorker):
    """A worker that handles each connection in a greenlet; whoever waits in a socket, a lock or a sleep gives way."""
