"""Without a mouse: what Tab finds, in which order, and what Enter does."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import views
from tests.browser.hands import is_told
from tests.browser.views import VIEWS
from userdb.passwords import SEEDED

OUTLINE = "(style => `${style.outlineStyle} ${style.outlineWidth}`)(getComputedStyle(document.activeElement))"


def test_a_person_logs_in_and_out(page: Page) -> None:
    page.goto("/login?next=/users/8/edit")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("user0000008")
    page.keyboard.press("Tab")
    page.keyboard.type(SEEDED)
    page.keyboard.press("Enter")
    is_told(page, "You are logged in.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit user 8")

    tab_to(page, "Log out")
    page.keyboard.press("Enter")
    is_told(page, "You are logged out.")


def test_what_was_wrong_leads_to_its_field(page: Page, url: str) -> None:
    views.show(page, url, VIEWS["register-unfit"])
    for label in ("Username", "Email", "Age (optional)"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("alert").get_by_role("link", name=label.split()[0])).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Age (optional)")).to_be_focused()


def test_where_the_focus_is_can_be_seen(page: Page, url: str) -> None:
    views.show(page, url, VIEWS["edit"])
    page.keyboard.press("Tab")
    places = 0
    while page.evaluate("document.activeElement !== document.body") and places < 50:
        assert page.evaluate(OUTLINE) == "solid 3px", page.evaluate("document.activeElement.outerHTML")
        places += 1
        page.keyboard.press("Tab")
    # Skip link, two links, name and button of the account, four fields, the button, the way back.
    assert places == 11


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the button of this name has the focus."""
    button = page.get_by_role("button", name=name)
    for _ in range(50):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {name}")
