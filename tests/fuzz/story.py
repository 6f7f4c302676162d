"""What a story knows: as much of what it did as the next act needs, and so, too, what status is meant to come."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.fuzz.step import Pairs, Step, written
from userdb.passwords import SEEDED

ADMIN = "admin"
"""His password and name stay, and so the sessions hold that the tests sign for him."""

PASSWORDS = ("another password", "pässwörter & more=1+1%", "a" * 128, "12345678", "\U0001f600" * 8)
"""What people choose as new passwords."""


class Story:
    """What was asked so far, and what became of it if all went as it was meant."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self.steps: list[Step] = []
        self.act = ""  # the one that is played, after which its requests are counted
        self.passwords = {ADMIN: SEEDED, **{f"user{number:07d}": SEEDED for number in range(2, 6)}}
        self.failures: dict[str, int] = {}  # to log in, since it last went well
        self.token: str | None = None  # whose `{token}` is, where it holds
        self.browser: str | None = None  # who is logged in with `{cookie}`
        self._names = 0

    def ask(self, meant: int, method: str, target: str, headers: Pairs, data: bytes = b"") -> None:
        """Add a request."""
        request = written(method, target, [("Host", "localhost"), *headers], data)
        self.steps.append(Step(self.act, request, meant))

    def api(
        self,
        meant: int,
        method: str,
        target: str,
        value: Any = None,
        token: str = "{token}",
        conditions: Pairs | None = None,
    ) -> None:
        """Add a request to the API, with a token."""
        headers = [("Authorization", f"Bearer {token}")] if token else []
        headers += conditions or []
        if value is None:
            return self.ask(meant, method, target, headers)
        data = json.dumps(value, ensure_ascii=False).encode()
        return self.ask(meant, method, target, [*headers, ("Content-Type", "application/json")], data)

    def open(self, meant: int, path: str) -> None:
        """Add a page, read in the browser."""
        self.ask(meant, "GET", path, [("Cookie", "session={cookie}")])

    def send(
        self, meant: int, path: str, fields: dict[str, str], site: str = "same-origin", csrf: str = "{csrf}"
    ) -> None:
        """Add a form that the browser sends."""
        headers = [("Cookie", "session={cookie}"), ("Sec-Fetch-Site", site)]
        data = f"csrf={csrf}&{urlencode(fields)}".encode()
        if "version" in fields:
            data = data.replace(b"version=%7Bversion%7D", b"version={version}")
        self.ask(meant, "POST", path, [*headers, ("Content-Type", "application/x-www-form-urlencoded")], data)

    def new_name(self) -> str:
        """A name that nobody has."""
        self._names += 1
        return f"zoe-{self._names}"

    def somebody(self) -> str:
        """Somebody whose password is known and may still be tried."""
        known = [name for name in self.passwords if self.failures.get(name, 0) < 2 and name != ADMIN]
        return self.draw(st.sampled_from(known or [ADMIN]))

    def renamed(self, old: str, new: str) -> None:
        """Somebody has another name now."""
        self.passwords[new] = self.passwords.pop(old)
        self.token = new if self.token == old else self.token
        self.browser = new if self.browser == old else self.browser

    def ended(self, name: str | None, but_browser: bool = False) -> None:
        """No session of this user's holds any more."""
        self.token = None if self.token == name else self.token
        self.browser = None if self.browser == name and not but_browser else self.browser


def logged_in(story: Story, name: str | None = None) -> str:
    """Somebody who has a token, after logging in where nobody had one."""
    if story.token is not None and name is None:
        return story.token
    who = name or story.somebody()
    story.api(200, "POST", "/api/login", {"username": who, "password": story.passwords[who]}, token="")
    story.failures[who], story.token = 0, who
    return who


def browsing(story: Story, name: str | None = None) -> str:
    """Somebody who is logged in in the browser, after doing so on the page where nobody was."""
    if story.browser is not None and name in (None, story.browser):
        return story.browser
    who = name or story.somebody()
    story.open(200, "/login?next=/users/7")
    story.send(303, "/login", {"username": who, "password": story.passwords[who], "next": "/users/7"})
    story.failures[who], story.browser = 0, who
    return who
