"""What holds on every page, for whoever looks at it: by axe, at each size, light and dark; https://dequeuniversity.com/rules/axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tandem.launch.running_stack import RunningStack
from tandem.paths import PROJECT
from tests.browser import views
from tests.browser.axe import ONLY_LOOKS, axe_finds_nothing_at_any_size
from tests.browser.screenshots import APPS, SIZES
from tests.browser.views import VIEWS, View
from tests.browser.watch import Seen, watched
from tests.support.accounts import ADMIN

DRAWN = re.compile(r'(?<=, request )\w+|(?<=name="csrf" value=")[^"]*')
"""What differs each time that a page is made: the id of the request and the token of its forms."""

NARROW, NARROWEST = SIZES["narrow"][0], 320
"""CSS pixels of a phone, and those at which a page must still need no scrolling to the side (WCAG 2.1, 1.4.10)."""

# What a finger must find, 44 pixels high; links in running text are as high as it is (WCAG 2.2, 2.5.8 makes that exception).
SMALL = """() => [...document.querySelectorAll("a:not(.skip), button, input:not([type=hidden]), textarea")].filter(each => {
  const own = each.textContent.trim(), around = each.parentElement.textContent.trim();
  const isInText = getComputedStyle(each).display === "inline" && own !== around;
  return each.getBoundingClientRect().height < 44 && !isInText;
}).map(each => each.outerHTML)"""


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[tuple[Seen, Page]]:
    """One page that goes from view to view: a browser that has never been anywhere costs a second of CPU each time."""
    with watched(browser) as seen, seen.context.new_page() as page:
        yield seen, page


@pytest.mark.parametrize("name", VIEWS)
def test_everybody_can_use_it(tab: tuple[Seen, Page], stack: Callable[[str], RunningStack], name: str) -> None:
    (seen, page), view, known = tab, VIEWS[name], set()
    seen.forget()
    for app in APPS:
        views.show(page, stack(app).url, view)
        # Looking at the same page twice would only take time.
        if (document := DRAWN.sub("", page.content())) not in known:
            it_says_what_it_is(page, view)
            fingers_find_everything(page)
            it_is_no_wider_than_the_screen(page)
            axe_finds_nothing_at_any_size(page, [*VIEWS].index(name), again=ONLY_LOOKS)
        known.add(document)
    assert len(known) == 1, "the two apps' pages are not the same"
    assert seen.loaded() == {"/static/style.css"} | ({"/static/docs.js"} if view.path == "/docs" else set())
    assert seen.statuses() == ([view.status] * len(APPS) if view.status != 200 else [])
    assert seen.trouble() == []


def test_only_looks_depend_on_size_and_scheme() -> None:
    """So all other rules of axe need no second look at the same page (`ONLY_LOOKS`)."""
    text = (PROJECT / "userdb" / "static" / "style.css").read_text()
    blocks = re.findall(r"^@media [^{]+\{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == text.count("@media")
    properties = set(re.findall(r"^ +([\w-]+): ", "".join(blocks), re.MULTILINE))
    assert {name for name in properties if not name.startswith("--")} <= {"font-size", "padding-inline"}


def it_says_what_it_is(page: Page, view: View) -> None:
    """By one heading, and in a title that begins with "Error:" where something sent was wrong."""
    expect(page.locator("h1")).to_have_text(view.heading)
    assert page.title().startswith("Error: ") == (view.sends is not None)
    assert page.title().endswith(" – User database")
    assert page.locator("script").count() == (view.path == "/docs")


def fingers_find_everything(page: Page) -> None:
    """On a phone."""
    page.set_viewport_size({"width": NARROW, "height": 800})
    assert page.evaluate(SMALL) == []


def it_is_no_wider_than_the_screen(page: Page) -> None:
    """On a phone, and at the least width there is."""
    for width in (NARROW, NARROWEST):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('.scroll:has(table)')?.scrollWidth ?? 0") <= width


def test_the_longest_names_fit(page: Page, url: str) -> None:
    longest = {"username": "W" * 80, "email": f"{'w' * 118}@w"}
    user = page.request.post("/api/users", headers=ADMIN, data=longest).json()
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    views.enter(page.context, url, user["id"])
    for path in ("/", f"/users?after={user['id'] - 1}", f"/users/{user['id']}", f"/users/{user['id']}/edit"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, path
        assert page.evaluate("document.querySelector('.scroll:has(table)')?.scrollWidth ?? 0") <= NARROWEST, path
    page.request.delete(f"/api/users/{user['id']}", headers=ADMIN)


FAULTS = {
    "Username": r"Username must be 1 to 80 letters",
    "Email": r"Email must be local@domain",
    "Age": r"Age must be a whole number from 0 to 150, or nothing\.$",
    "Password": r"assword must be 8 to 128 characters\.$",
}


@pytest.mark.parametrize("name", ["register-unfit", "new-unfit", "edit-unfit"])
def test_who_cannot_see_it_is_told_what_is_wrong_and_where(page: Page, url: str, name: str) -> None:
    views.show(page, url, VIEWS[name])
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Some values are not valid.")
    expect(alert).to_be_focused()
    for label, rule in FAULTS.items():
        field = page.get_by_role("textbox", name=re.compile(f"^(New )?{label}( \\(optional\\))?$", re.IGNORECASE))
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(rule))
        alert.get_by_role("link", name=label).click()
        expect(field).to_be_focused()


def test_a_field_that_is_right_is_not_called_wrong(page: Page, url: str) -> None:
    views.show(page, url, VIEWS["register-taken"])
    expect(page.locator("[aria-invalid]")).to_have_count(1)
    expect(page.get_by_label("Username")).to_have_accessible_description(
        "1 to 80 letters (A to Z), digits, '.', '_' or '-' Username is taken."
    )
    expect(page.get_by_label("Age (optional)")).to_have_accessible_description(
        "a whole number from 0 to 150, or nothing"
    )
