"""Files of users: those that a process imports, questions after users that it has imported, and the file of all users."""

from __future__ import annotations

from functools import lru_cache, partial
from random import Random

import _checks
import _seeded

from openloop.request import Request

SIZE = 100
"""Users of a file that is imported."""

DISTANCE = 10
"""Imports that lie between a file and the questions after its users, as nobody waits for its answer."""

AGES = 121
"""From 0 on."""

_FORM = {"Content-Type": "multipart/form-data; boundary=openloop"}
_BEGIN = (
    '--openloop\r\nContent-Disposition: form-data; name="file"; filename="users.csv"\r\nContent-Type: text/csv\r\n\r\n'
)
_END = "\r\n--openloop--\r\n"


class Files:
    """The files that one process imports, by their number, and with which age each of them begins."""

    def __init__(self, names: str, authorization: dict[str, str]) -> None:
        self._names = names  # how all usernames begin, different in every run and process
        self._authorization = authorization
        self._ages: list[int] = []
        self._imported: set[int] = set()

    def send(self, random: Random) -> Request:
        """Import the next file."""
        number, age = len(self._ages), random.randrange(AGES)
        self._ages.append(age)
        lines = [",".join((*self._named(number, line), str(_age(age, line)))) for line in range(SIZE)]
        body = "\n".join(["username,email,age", *lines, ""])
        return Request(
            "POST", "/api/users/import", "/api/users/import", partial(_checks.imported, count=SIZE),
            f"{_BEGIN}{body}{_END}".encode(), _FORM, plan=f"import {number} {age}",
            done=partial(self._keep, number), private_headers=self._authorization,
        )  # fmt: skip

    def find(self, random: Random, otherwise: Request) -> Request:
        """Look for any user of an earlier file; ask something else where there is none yet, or its answer is missing."""
        number, line = len(self._ages) - DISTANCE, random.randrange(SIZE)
        if number not in self._imported:
            otherwise.deviates = number >= 0
            return otherwise
        username, email = self._named(number, line)
        expected = {"username": username, "email": email, "age": _age(self._ages[number], line), "version": 1}
        check, plan = partial(_checks.only_user, expected=expected), f"find {number} {line}"
        return Request("GET", f"/api/users?q={username}", "/api/users?q=", check, plan=plan)

    def _keep(self, number: int, imported: object) -> None:
        if imported is not None:
            self._imported.add(number)

    def _named(self, number: int, line: int) -> tuple[str, str]:
        username = f"{self._names}-{number}-{line:03d}"
        return username, f"{username}@example.org"


@lru_cache(1)
def all_users(users: int) -> bytes:
    """How the file of all users begins: with those that were seeded, ids 1 to `users`."""
    lines = ["id,username,email,age,created_at,version"]
    for user_id in range(1, users + 1):
        values = _seeded.fields(user_id).values()
        lines.append(",".join("" if value is None else str(value) for value in values))
    return "\r\n".join([*lines, ""]).encode()


def _age(first: int, line: int) -> int:
    return (first + line) % AGES
