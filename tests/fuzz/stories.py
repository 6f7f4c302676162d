"""Stories: sequences in which people register, log in, change, are stale, leave, with what each stack gave them itself.

Each act says what status is meant to come; the tests hold it against what came, lest all of this is refused at the door.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.fuzz import requests
from tests.fuzz.step import Step
from tests.fuzz.story import ADMIN, Story, browsing, logged_in
from tests.fuzz.values import chance

MOST_ACTS = 12

PASSWORDS = ("another password", "pässwörter & more=1+1%", "a" * 128, "12345678", "\U0001f600" * 8)
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


def registers(story: Story) -> None:
    """A new user by the page, at first with a name that another one has."""
    name, password = story.new_name(), story.draw(st.sampled_from(PASSWORDS))
    fields = {"username": name, "email": f"{name}@example.org", "age": "", "password": password}
    story.open(200, "/register")
    if chance(story.draw, 3):
        story.send(422, "/register", {**fields, "age": "old", "password": "short"})
    story.send(303, "/register", fields)
    story.open(200, "/users/{id}")
    story.passwords[name], story.browser = password, name


def logs_in_by_page(story: Story) -> None:
    """And is welcomed once."""
    browsing(story, story.somebody())
    story.open(200, "/users/{visitor}")
    story.open(200, "/users/{visitor}")


def edits(story: Story) -> None:
    """Himself by the page; and again with the form of before."""
    who = browsing(story)
    name = ADMIN if who == ADMIN else story.new_name()
    fields = {"username": name, "email": f"{name}@example.org", "age": "7", "password": "", "version": "{version}"}
    story.open(200, "/users/{visitor}/edit")
    story.send(303, "/users/{visitor}/edit", fields)
    story.renamed(who, name)
    story.open(200, "/users/{visitor}")
    if chance(story.draw, 2):
        story.send(412, "/users/{visitor}/edit", fields)


def edits_password(story: Story) -> None:
    """By the page: this browser stays logged in, with a session of another name, and no other one does."""
    who = browsing(story)
    if who == ADMIN:
        return
    password = story.draw(st.sampled_from(PASSWORDS))
    fields = {"username": who, "email": f"{who}@example.org", "age": "", "password": password, "version": "{version}"}
    story.open(200, "/users/{visitor}/edit")
    story.send(303, "/users/{visitor}/edit", fields)
    story.ask(303, "GET", "/users/{visitor}/edit", [("Cookie", "session={cookie-1}")])
    story.open(200, "/users/{visitor}/edit")
    story.passwords[who] = password
    story.ended(who, but_browser=True)


def removes_by_page(story: Story) -> None:
    """Himself; the administrator may not."""
    who = browsing(story)
    if who == ADMIN:
        story.open(403, "/users/{visitor}/delete")
        return
    story.open(200, "/users/{visitor}/delete")
    story.send(303, "/users/{visitor}/delete", {"version": "{version}"})
    story.open(200, "/users?limit=5")
    del story.passwords[who]
    story.ended(who)


def logs_out_by_page(story: Story) -> None:
    """And is told so; what is only for him then leads to the page that logs in."""
    browsing(story)
    story.open(200, "/logout")
    story.send(303, "/logout", {})
    story.ask(303, "GET", "/users/7/edit", [("Cookie", "session={cookie-1}")])
    story.open(200, "/")
    story.browser = None


def administers(story: Story) -> None:
    """Creates, edits and removes a user on pages."""
    browsing(story, ADMIN)
    name = story.new_name()
    fields = {"username": name, "email": f"{name}@example.org", "age": "30", "password": ""}
    story.open(200, "/users/new")
    story.send(303, "/users/new", fields)
    story.open(200, "/users/{id}/edit")
    story.send(303, "/users/{id}/edit", {**fields, "age": "31", "version": "{version}"})
    story.open(200, "/users/{id}/delete")
    story.send(412, "/users/{id}/delete", {"version": "1"})
    story.send(303, "/users/{id}/delete", {"version": "{version}"})


def comes_from_elsewhere(story: Story) -> None:
    """A form of another site, or without what only our page knows."""
    who = browsing(story)
    fields = {"username": who, "email": f"{who}@example.org", "age": "", "password": "", "version": "1"}
    story.open(200, "/users/{visitor}/edit")
    story.send(403, "/users/{visitor}/edit", fields, site="cross-site")
    story.send(403, "/users/{visitor}/edit", fields, csrf="")


def crosses_over(story: Story) -> None:
    """A cookie is taken for a token and a token for a cookie: they are the same."""
    browsing(story)
    story.api(200, "GET", "/api/me", token="{cookie}")
    logged_in(story)
    story.ask(200, "GET", "/users/{owner}/edit", [("Cookie", "session={token}")])


def looks_around(story: Story) -> None:
    """Reads pages, whoever he is."""
    for path in story.draw(
        st.lists(st.sampled_from(["/", "/users", "/users/1", "/docs", "/login"]), min_size=1, max_size=3)
    ):
        story.open(200, path)


def does_anything(story: Story) -> None:
    """A request that knows nothing of the story."""
    story.steps.append(story.draw(requests.step()))


Act = Callable[[Story], None]

CHEAP: tuple[Act, ...] = (
    reads,
    changes,
    replaces,
    edits,
    administers,
    creates,
    looks_around,
    crosses_over,
    comes_from_elsewhere,
)
DEAR: tuple[Act, ...] = (
    logs_in, guesses, changes_password, logs_out, uses_what_is_old, removes_himself, registers, logs_in_by_page, edits_password,
    removes_by_page, logs_out_by_page, does_anything,
)  # fmt: skip
"""They look at passwords, or make that somebody has to log in again."""

ACTS = CHEAP * 2 + DEAR


@st.composite
def story(draw: DrawFn) -> list[Step]:
    """A whole story; now and then one of its requests is left out or asked twice, and then nothing is meant any more."""
    told = Story(draw)
    for act in draw(st.lists(st.sampled_from(ACTS), min_size=1, max_size=MOST_ACTS)):
        told.act = act.__name__
        act(told)
    steps = told.steps
    if not steps or not chance(draw, 4):
        return steps
    number = draw(st.integers(0, len(steps) - 1))
    steps[number : number + 1] = [steps[number]] * (2 if chance(draw, 2) else 0)
    return [Step(step.kind, step.request) for step in steps]
