"""What a person does on a page: type into fields by their labels, press buttons by their names."""

from __future__ import annotations

import secrets

from playwright.sync_api import Page, Response, expect

PASSWORD = "long enough"


def new_person() -> dict[str, str]:
    """What a form about a user takes, of a person who is not there yet: databases go on from test to test."""
    name = f"person-{secrets.token_hex(6)}"
    return {"Username": name, "Email": f"{name}@example.org", "Age (optional)": "36", "Password": PASSWORD}


def fill_in(page: Page, fields: dict[str, str]) -> None:
    """Type into the fields with these labels."""
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)


def press(page: Page, name: str) -> Response:
    """Press a button of the page's own part, and wait for the page that follows; return what came."""
    with page.expect_navigation() as sent:
        page.get_by_role("main").get_by_role("button", name=name, exact=True).click()
    # The focus moves a moment after the page is there.
    if page.get_by_role("alert").count():
        expect(page.get_by_role("alert")).to_be_focused()
    return sent.value


def follow(page: Page, name: str) -> None:
    """Follow a link, and wait for the page that follows."""
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).click()


def log_in(page: Page, username: str, password: str) -> None:
    """Fill in and send the form that logs in, which is open already."""
    fill_in(page, {"Username": username, "Password": password})
    press(page, "Log in")


def is_told(page: Page, message: str) -> None:
    """The page says this of what was done before it."""
    expect(page.get_by_role("status")).to_have_text(message)
