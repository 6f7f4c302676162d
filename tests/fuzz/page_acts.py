"""Acts on pages, in a browser: what somebody does there, and what status is meant to come."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz.story import ADMIN, PASSWORDS, Story, browsing, logged_in
from tests.fuzz.values import chance


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
