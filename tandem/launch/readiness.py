"""Readiness: waiting until a server that was just started answers."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable

from tandem.errors import RunFailed
from tandem.launch.process import Children

READY_WITHIN = 60.0
"""Seconds a stack may take until it answers, also on a machine in use; 2 are expected of it."""


def wait(children: Children, name: str, port: int, path: str, tls: ssl.SSLContext | None = None) -> None:
    """Wait until GET `path` gives 200 on this port, over TLS where that is given.

    Raises RunFailed where a process ends or time runs out.
    """
    deadline = time.monotonic() + READY_WITHIN
    while (status := get(port, path, tls=tls)) != 200:
        children.check()
        if time.monotonic() > deadline:
            said = f"{path} answers {status}" if status else "nothing listens"
            logs = "\n".join(f"{child.name}:\n{child.tail()}" for child in children.children)
            raise RunFailed(
                f"{name} did not become ready within {READY_WITHIN:g} s: {said} on port {port}; last log lines of\n{logs}"
            )
        time.sleep(0.02)


def listening(children: Children, name: str, listens: Callable[[], bool]) -> None:
    """Wait until a server takes connections at its socket. Raises RunFailed where a process ends or time runs out."""
    deadline = time.monotonic() + READY_WITHIN
    while not listens():
        children.check()
        if time.monotonic() > deadline:
            raise RunFailed(f"{name} did not become ready within {READY_WITHIN:g} s: nothing listens at its socket")
        time.sleep(0.02)


def get(port: int, path: str, seconds: float = 5.0, tls: ssl.SSLContext | None = None) -> int:
    """Return the status of a GET on 127.0.0.1, or 0 where there is no answer."""
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=seconds, context=tls)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
