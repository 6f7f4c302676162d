"""Whole journeys, typed and clicked: from a form to what it does, and what is said of it.

The longest goes through both apps, the others through one: the pages of both are the same (test_views.py), and so is what they
answer to a form (tests/contract/test_forms.py and its neighbours, tests/stack/test_same_answers.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tandem.launch.running_stack import RunningStack
from tests.browser import views
from tests.browser.conftest import without_javascript
from tests.browser.hands import PASSWORD, fill_in, follow, is_told, log_in, new_person, press
from tests.browser.screenshots import APPS
from tests.support.accounts import ADMIN, SESSIONS, account
from userdb.passwords import SEEDED


@without_javascript
@pytest.mark.parametrize("url", APPS, indirect=True)
def test_a_person_registers_changes_and_leaves(page: Page) -> None:
    """None of these pages has a script (test_views.py); that each step does the same with JavaScript, the others show."""
    person = new_person()
    page.goto("/")
    follow(page, "Register")
    fill_in(page, person)
    press(page, "Register")
    is_told(page, "Welcome. You are registered and logged in.")
    expect(page.get_by_role("heading", level=1)).to_have_text(person["Username"])
    own = page.url
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)

    follow(page, "Edit")
    fill_in(page, {"Email": "nobody", "Age (optional)": "151", "New password (optional)": "short"})
    press(page, "Save")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(3)
    expect(page.get_by_label("Email")).to_have_value("nobody")
    expect(page.get_by_label("Age (optional)")).to_have_value("151")
    expect(page.get_by_label("New password (optional)")).to_have_value("")  # what is secret is not sent back
    expect(page.locator("#email-fault")).to_have_text("Email must be local@domain, at most 120 ASCII characters.")
    fill_in(page, {"Email": person["Email"], "Age (optional)": ""})
    press(page, "Save")
    is_told(page, "The changes were saved.")
    assert page.url == own
    expect(page.locator("dd")).to_contain_text(["–", "2"])

    page.get_by_role("button", name="Log out").click()
    is_told(page, "You are logged out.")
    page.goto(f"{own}/edit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    log_in(page, person["Username"], "not the password")
    expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
    expect(page.get_by_label("Username")).to_have_value(person["Username"])
    log_in(page, person["Username"], PASSWORD)
    assert page.url == f"{own}/edit"
    is_told(page, "You are logged in.")

    page.goto(own)
    follow(page, "Remove")
    press(page, "Remove")
    is_told(page, "The user was removed.")
    expect(page.get_by_role("navigation", name="Account")).to_contain_text("Register")


@without_javascript
def test_an_administrator_creates_changes_and_removes_a_user(page: Page) -> None:
    person = new_person()
    page.goto("/login")
    log_in(page, "admin", SEEDED)
    is_told(page, "You are logged in.")
    follow(page, "Users")
    follow(page, "New user")
    person["Password (optional)"] = person.pop("Password")
    fill_in(page, {**person, "Username": "admin"})
    press(page, "Create")
    expect(page.locator("#username-fault")).to_have_text("Username is taken.")
    fill_in(page, {"Username": person["Username"]})
    press(page, "Create")
    is_told(page, "The user was created.")

    follow(page, "Edit")
    fill_in(page, {"Username": person["Username"] + ".2"})
    press(page, "Save")
    is_told(page, "The changes were saved.")
    expect(page.get_by_role("heading", level=1)).to_have_text(person["Username"] + ".2")

    own = page.url
    follow(page, "Remove")
    follow(page, "Back, without removing")
    follow(page, "Remove")
    press(page, "Remove")
    is_told(page, "The user was removed.")
    page.goto(own)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not Found")


def test_a_form_that_others_overtook_keeps_what_was_typed(page: Page, url: str) -> None:
    user_id, name = created(page)
    views.enter(page.context, url, views.ADMIN)
    page.goto(f"/users/{user_id}/edit")
    page.request.patch(f"/api/users/{user_id}", headers=ADMIN, data={"age": 50})
    fill_in(page, {"Username": name + ".mine"})
    press(page, "Save")
    expect(page.get_by_role("alert")).to_have_text("The user has changed since you read it.")
    expect(page.get_by_label("Username")).to_have_value(name + ".mine")
    expect(page.get_by_label("Age (optional)")).to_have_value("36")
    press(page, "Save")  # trying again does not help: what the other did would be lost
    expect(page.get_by_role("alert")).to_be_visible()

    follow(page, "Begin again with what is there now")
    expect(page.get_by_label("Username")).to_have_value(name)
    expect(page.get_by_label("Age (optional)")).to_have_value("50")
    press(page, "Save")
    is_told(page, "The changes were saved.")


def test_to_remove_what_others_changed_is_asked_again(page: Page, url: str) -> None:
    user_id, _ = created(page)
    views.enter(page.context, url, views.ADMIN)
    page.goto(f"/users/{user_id}/delete")
    page.request.patch(f"/api/users/{user_id}", headers=ADMIN, data={"age": 50})
    press(page, "Remove")
    expect(page.get_by_role("alert")).to_have_text("The user has changed since you read it.")
    press(page, "Remove")
    is_told(page, "The user was removed.")


def test_loading_a_page_again_after_saving_sends_nothing_again(page: Page) -> None:
    person, sent = new_person(), []
    page.goto("/register")
    fill_in(page, person)
    page.on("request", lambda request: sent.append(request.method))
    press(page, "Register")
    assert sent.count("POST") == 1
    page.reload()
    page.go_back()  # to the form
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text(person["Username"])
    assert sent.count("POST") == 1


def test_who_logs_in_in_one_app_is_logged_in_in_the_other(
    page: Page, url: str, stack: Callable[[str], RunningStack]
) -> None:
    [other] = [stack(name).url for name in APPS if stack(name).url != url]
    page.goto("/login")
    log_in(page, "user0000009", SEEDED)
    page.goto(f"{other}/users/9/edit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit user 9")
    # And what the other's page has for its form is believed here.
    page.get_by_role("button", name="Log out").click()
    is_told(page, "You are logged out.")
    page.goto(f"{url}/users/9/edit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_users_are_searched_and_paged(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Username begins with").fill("user00000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(1 + 20)
    follow(page, "Next page")
    expect(page.get_by_label("Username begins with")).to_have_value("user00000")
    expect(page.get_by_role("rowheader").first).to_have_text("user0000022")
    follow(page, "First page")
    expect(page.get_by_role("rowheader").first).to_have_text("user0000002")
    page.get_by_label("Username begins with").fill("<nobody>")
    press(page, "Search")
    expect(page.get_by_role("main")).to_contain_text("No user found.")


@pytest.mark.parametrize("place", ["somewhere else", "another port of this host"])
def test_a_form_on_a_page_of_somebody_else_changes_nothing(page: Page, url: str, place: str) -> None:
    user_id, _ = created(page)
    session = SESSIONS.begin(account(views.ADMIN))
    page.context.add_cookies([{"name": "session", "value": SESSIONS.token(session), "url": url}])
    token = SESSIONS.csrf_token(session)  # even with what only our own pages have
    form = f"""<main><form method="post" action="{url}/users/{user_id}/delete"><input name="csrf" value="{token}">
        <input name="version" value="1"><button>Win a prize</button></form></main>"""
    home = "data:text/html,<p>" if place == "somewhere else" else "http://127.0.0.1:9/"
    page.route("http://127.0.0.1:9/", lambda route: route.fulfill(body="<p>", content_type="text/html"))
    page.goto(home)
    page.set_content(form)
    press(page, "Win a prize")
    expect(page.get_by_role("heading", level=1)).to_have_text("Forbidden")
    assert page.request.get(f"{url}/api/users/{user_id}").status == 200


def created(page: Page) -> tuple[int, str]:
    """A user of this test's own, by id and name."""
    person = new_person()
    data = {"username": person["Username"], "email": person["Email"], "age": 36}
    return int(page.request.post("/api/users", headers=ADMIN, data=data).json()["id"]), person["Username"]
