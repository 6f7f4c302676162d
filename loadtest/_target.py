"""The server under load, before the load: whether it may be loaded, whether it answers, how many users it has."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import _seeded

TIMEOUT_SECONDS = 5.0

_REFUSALS = {
    401: "give another user with --login-name, or the right password in LOCUST_LOGIN_PASSWORD.",
    429: "wait until it takes attempts again, or serve it with LIMITS=0.",
    503: "it is busy with other logins; try again, or with fewer processes.",
}
"""What to do where nobody is let in."""


class RefusedError(Exception):
    """The run can't begin; the message is a sentence that says what to do."""


def checked(host: str | None, allowed: str) -> str:
    """The address given with -H, without a slash at its end. RefusedError unless this machine or `allowed`."""
    if not host:
        raise RefusedError("Say which server to load, for example with -H http://127.0.0.1:8081.")
    name = _name(host)
    if name is None:
        raise RefusedError(f"-H {host} is not an address such as http://127.0.0.1:8081.")
    if not _is_this_machine(name) and name != allowed.lower():
        raise RefusedError(
            f"{name} is not this machine, so it is not loaded; with the consent of its owner add --allow-remote {name}."
        )
    return host.rstrip("/")


def _name(host: str) -> str | None:
    """The name or number of the machine in an address; None where it is no address."""
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
        """Connect, and ask nothing."""
        try:
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

    def log_in(self, name: str, password: str) -> str:
        """Log in as this user and return the token. Raises RefusedError where that is refused."""
        status, body = self.post("/api/login", {"username": name, "password": password})
        try:
            token = json.loads(body)["token"] if status == 200 else ""
        except (ValueError, LookupError, TypeError):
            token = ""
        if not (isinstance(token, str) and token):
            what_to_do = _REFUSALS.get(status, "is it the user database?")
            raise RefusedError(f"{self.host}/api/login does not let {name} in ({status}): {what_to_do}")
        return token

    def seeded_users(self) -> int:
        """How many seeded users there are, found by halving: their ids are 1 to N, and whoever came later is above."""
        if not self._has_seeded_from(1):
            raise RefusedError(
                f"{self.host} has no seeded users: seed its database, or say how many with --users-in-database."
            )
        low, high = 1, 2
        while self._has_seeded_from(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._has_seeded_from(middle) else (low, middle)
        return low

    def _has_seeded_from(self, user_id: int) -> bool:
        path = f"/api/users?after={user_id - 1}&limit=1"
        status, body = self.get(path)
        try:
            found = json.loads(body)["users"]
            return bool(found) and found[0]["username"] == _seeded.username(found[0]["id"])
        except (ValueError, LookupError, TypeError):
            raise RefusedError(
                f"{self.host}{path} answers {status} and not a page of users: is it the user database?"
            ) from None
