"""Acts by the API, with a token: what somebody does, and what status is meant to come."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz.story import ADMIN, PASSWORDS, Story, logged_in
from tests.fuzz.values import chance

AGES = st.integers(0, 150)


def logs_in(story: Story) -> None:
    """Once more, though a token may be there."""
    logged_in(story, story.somebody())
    story.api(200, "GET", "/api/me")


def guesses(story: Story) -> None:
    """A wrong password, and then so many that no more are verified, though it is the right one."""
    who = story.somebody()
    wrong = {"username": who, "password": "wrong"}
    if who == ADMIN or chance(story.draw, 2):
        story.api(401, "POST", "/api/login", {**wrong, "username": "nobody-at-all"}, token="")
        return
    for _ in range(3 - story.failures.get(who, 0)):
        story.api(401, "POST", "/api/login", wrong, token="")
    story.failures[who] = 4
    story.api(429, "POST", "/api/login", {**wrong, "password": story.passwords[who]}, token="")


def reads(story: Story) -> None:
    """Himself, and again with what he has."""
    logged_in(story)
    story.api(200, "GET", "/api/users/{owner}", token="")
    story.api(304, "GET", "/api/users/{owner}", token="", conditions=[("If-None-Match", "{etag}")])


def changes(story: Story) -> None:
    """His age, on the condition that nobody else did; and again on the one that no longer holds."""
    logged_in(story)
    story.api(200, "GET", "/api/users/{owner}")
    story.api(200, "PATCH", "/api/users/{owner}", {"age": story.draw(AGES)}, conditions=[("If-Match", "{etag}")])
    if chance(story.draw, 2):
        story.api(412, "PATCH", "/api/users/{owner}", {"age": story.draw(AGES)}, conditions=[("If-Match", "{etag-1}")])


def replaces(story: Story) -> None:
    """All of himself, his name too."""
    who = logged_in(story)
    name = ADMIN if who == ADMIN else story.new_name()
    story.api(200, "PUT", "/api/users/{owner}", {"username": name, "email": f"{name}@example.org"})
    story.renamed(who, name)
    story.api(409, "PATCH", "/api/users/{owner}", {"username": "user0000049"})


def changes_password(story: Story) -> None:
    """What he had then no longer holds: neither token nor the old password."""
    who = logged_in(story)
    if who == ADMIN:
        return
    password = story.draw(st.sampled_from(PASSWORDS))
    story.api(200, "PATCH", "/api/users/{owner}", {"password": password})
    story.api(401, "GET", "/api/me")
    story.passwords[who] = password
    story.ended(who)
    if chance(story.draw, 2):
        story.api(401, "POST", "/api/login", {"username": who, "password": "the old one"}, token="")
        story.failures[who] = story.failures.get(who, 0) + 1


def logs_out(story: Story) -> None:
    """The token is of no more use."""
    logged_in(story)
    story.api(204, "POST", "/api/logout")
    story.token = None
    story.api(401, "GET", "/api/me")


def uses_what_is_old(story: Story) -> None:
    """The token, the cookie, the form and the tag before the last: whatever became of them."""
    story.api(0, "GET", "/api/me", token="{token-1}")
    story.api(0, "PATCH", "/api/users/{owner}", {"age": 1}, token="{token-1}", conditions=[("If-Match", "{etag-1}")])
    story.ask(0, "GET", "/users/{visitor}/edit", [("Cookie", "session={cookie-1}")])
    story.open(200, "/")
    story.send(403, "/logout", {}, csrf="{csrf-1}x")


def removes_himself(story: Story) -> None:
    """And is not there any more."""
    who = logged_in(story)
    if who == ADMIN:
        story.api(403, "DELETE", "/api/users/{owner}")
        return
    story.api(204, "DELETE", "/api/users/{owner}")
    story.api(401, "DELETE", "/api/users/{owner}")
    story.api(404, "GET", "/api/users/{owner}", token="{bearer:1}")
    del story.passwords[who]
    story.ended(who)


def creates(story: Story) -> None:
    """A user, as an administrator, who logs in then or is removed; nobody else may."""
    name, password = story.new_name(), story.draw(st.sampled_from(PASSWORDS))
    given = {"username": name, "email": f"{name}@example.org", "age": story.draw(AGES)}
    if chance(story.draw, 3):
        story.api(201, "POST", "/api/users", {**given, "password": password}, token="{bearer:1}")
        story.passwords[name] = password
        logged_in(story, name)
        return
    story.api(201, "POST", "/api/users", given, token="{bearer:1}")
    story.api(409, "POST", "/api/users", given, token="{bearer:1}")
    story.api(403, "DELETE", "/api/users/{id}", token="{bearer:40}")
    story.api(204, "DELETE", "/api/users/{id}", token="{bearer:1}", conditions=[("If-Match", "{etag}")])
    story.api(404, "GET", "/api/users/{id}", token="")


def imports(story: Story) -> None:
    """A file with a user, as an administrator; and again, when the name is taken."""
    name = story.new_name()
    file = f"username,email,age\r\n{name},{name}@example.org,{story.draw(AGES)}"
    data = f'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{file}\r\n--x--\r\n'.encode()
    headers = [("Authorization", "Bearer {bearer:1}"), ("Content-Type", "multipart/form-data; boundary=x")]
    for status in (201, 409):
        story.ask(status, "POST", "/api/users/import", headers, data)
