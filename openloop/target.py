"""The server under load, before the load: whether it may be loaded, and whether it answers."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5.0


class RefusedError(Exception):
    """The run can't begin; the message is a sentence that says what to do."""


def checked(host: str | None, allowed: str) -> str:
    """The URL given with -H, without a slash at its end. RefusedError unless this machine or `allowed`."""
    if not host:
        raise RefusedError("Say which server to load, for example with -H http://127.0.0.1:8081.")
    name = _name(host)
    if name is None:
        raise RefusedError(f"-H {host} is not a URL such as http://127.0.0.1:8081.")
    if not _is_this_machine(name) and name != allowed.lower():
        raise RefusedError(
            f"{name} is not this machine, so it is not loaded; with the consent of its owner add --allow-remote {name}."
        )
    return host.rstrip("/")


def _name(host: str) -> str | None:
    """The name or number of the machine in a URL; None where it is no URL."""
    try:
        parts = urlsplit(host)
        good = parts.scheme in ("http", "https") and parts.port != 0  # asking for the port checks it
    except ValueError:
        return None
    return parts.hostname if good and not parts.path.rstrip("/") else None


def _is_this_machine(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Target:
    """A server that is asked a few things in turn. Each method raises RefusedError where it does not answer."""

    def __init__(self, host: str) -> None:
        self.host = host
        parts = urlsplit(host)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def reach(self) -> None:
        """Connect unless there is a connection, and ask nothing."""
        try:
            if self._connection.sock is None:
                self._connection.connect()
        except OSError as error:
            raise self._silent(error) from None

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body, whatever they are."""
        return self._ask("GET", path)

    def post(self, path: str, body: Mapping[str, object]) -> tuple[int, bytes]:
        """The same for a JSON object that is sent."""
        return self._ask("POST", path, json.dumps(body), {"Content-Type": "application/json"})

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, headers or {})
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            raise self._silent(error) from None

    def _silent(self, error: Exception) -> RefusedError:
        return RefusedError(f"{self.host} does not answer ({error}): start it, or name another with -H.")
