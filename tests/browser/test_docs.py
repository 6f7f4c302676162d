"""The page /docs: what is typed is sent, and the answer is shown as it came."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.axe import axe_finds_nothing, load_axe
from tests.browser.conftest import without_javascript
from tests.browser.hands import new_person
from tests.support.accounts import ADMIN
from tests.support.files import people
from userdb import operations
from userdb.passwords import SEEDED


@pytest.fixture(autouse=True)
def opened(page: Page) -> None:
    """The page is open."""
    page.goto("/docs")


def section(page: Page, name: str) -> Locator:
    """The part about an operation: the one that its heading names."""
    return page.locator(f'section[aria-labelledby="{name}"]')


def sent(page: Page, name: str, **values: str) -> str:
    """Fill in the form of an operation, send it, and return what is shown."""
    form = section(page, name)
    for field, value in values.items():
        form.locator(f"[name={field}]").fill(value)
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("status")).to_contain_text("content-type")
    return form.get_by_role("status").inner_text()


def test_a_request_is_sent_and_its_answer_shown(page: Page) -> None:
    shown = sent(page, "add", a="5", b="-6")
    assert shown.startswith("GET /api/add?a=5&b=-6\n\n200 OK\n")
    assert shown.endswith('\n\n{"sum":-1}')


def test_paths_and_headers_are_filled_in(page: Page) -> None:
    shown = sent(page, "read_user", user_id="7")
    assert shown.startswith("GET /api/users/7\n\n200 OK\n")
    assert 'etag: "1"' in shown
    assert '"username":"user0000007"' in shown
    page.reload()
    assert sent(page, "read_user", user_id="a/b").startswith("GET /api/users/a%2Fb\n\n404 Not Found\n")


def test_logging_in_fills_in_the_token_that_others_send(page: Page) -> None:
    person = new_person()
    user = json.dumps({"username": person["Username"], "email": person["Email"]})
    assert sent(page, "create_user", body=user).startswith("POST /api/users\n\n401 Unauthorized\n")
    login = json.dumps({"username": "admin", "password": SEEDED})
    assert sent(page, "log_in", body=login).startswith("POST /api/login\n\n200 OK\n")
    expect(page.get_by_label("Token")).not_to_be_empty()
    section(page, "create_user").get_by_role("button", name="Send").click()
    expect(section(page, "create_user").get_by_role("status")).to_contain_text("201 Created")


def test_an_error_is_shown_like_any_answer(page: Page) -> None:
    page.get_by_label("Token").fill(ADMIN["Authorization"].removeprefix("Bearer "))
    shown = sent(page, "create_user", body='{"username": "admin", "email": "admin@example.org"}')
    assert shown.startswith("POST /api/users\n\n409 Conflict\n")
    assert '"title":"Conflict"' in shown
    assert "content-type: application/problem+json" in shown


def test_a_file_is_sent_as_it_was_chosen(page: Page) -> None:
    page.get_by_label("Token").fill(ADMIN["Authorization"].removeprefix("Bearer "))
    chosen: FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": people(3)}
    section(page, "import_users").get_by_label("File, CSV").set_input_files(chosen)
    shown = sent(page, "import_users")
    assert shown.startswith("POST /api/users/import\n\n201 Created\n")
    assert shown.endswith('\n\n{"imported":3}')
    assert "1,admin,admin@example.org," in sent(page, "export_users")


def test_a_value_that_must_be_there_is_asked_for_before_anything_is_sent(page: Page) -> None:
    form = section(page, "read_user")
    form.get_by_role("button", name="Send").click()
    assert form.locator("form").evaluate("form => form.checkValidity()") is False
    expect(form.locator("[name=user_id]")).to_be_focused()
    expect(form.locator("pre")).to_be_hidden()


def test_every_operation_has_a_section_and_every_field_a_label(page: Page) -> None:
    headings = page.locator("section h2").all_inner_texts()
    assert headings == [f"{operation.method} {operation.path}" for operation in operations.OPERATIONS]
    for heading in headings:
        expect(page.get_by_role("region", name=heading, exact=True)).to_have_count(1)
    fields = page.locator("input:not([type=hidden]), textarea")
    assert fields.evaluate_all("all => all.every(each => each.labels.length === 1)")
    ids = page.locator("[id]").evaluate_all("all => all.map(each => each.id)")
    assert len(ids) == len(set(ids))


def test_an_answer_is_as_easy_to_read_as_the_rest(page: Page) -> None:
    sent(page, "list_users")
    page.set_viewport_size({"width": 320, "height": 800})
    load_axe(page)
    axe_finds_nothing(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@without_javascript
def test_without_javascript_it_can_be_read(page: Page) -> None:
    expect(page.locator("section")).to_have_count(len(operations.OPERATIONS))
    assert page.locator("pre").count() == page.locator("pre[hidden]").count()


@without_javascript
def test_without_javascript_nothing_that_was_typed_becomes_an_address(page: Page) -> None:
    """The browser itself would send a form, passwords too, as the query of one."""
    expect(page.get_by_role("button", name="Send")).to_have_count(len(operations.OPERATIONS))
    for button in page.get_by_role("button", name="Send").all():
        expect(button).to_be_disabled()
    page.locator("[data-path='/api/add'] input").first.press("Enter")
    assert page.url.endswith("/docs")
