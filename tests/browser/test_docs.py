"""The page /docs in a real browser: what is typed is sent, and the answer is shown as it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tandem.serving import Running
from tests.browser.driver import Tab, tab
from tests.browser.test_pages import OPTIONS, browser

# Without virtual time, in which the page would not wait for a real server.
REAL_TIME = [option for option in OPTIONS if not option.startswith("--virtual-time")]


@pytest.fixture(params=["wsgi-gthread", "asgi"])
def page(request: pytest.FixtureRequest, stack: Callable[[str], Running], tmp_path: Path) -> Iterator[Tab]:
    """The page, of each app."""
    with tab(browser(), REAL_TIME, tmp_path / "profile") as opened:
        opened.open(f"{stack(request.param).url}/docs")
        yield opened


def sent(page: Tab, name: str, **values: str) -> str:
    """Fill in the form of an operation, send it, and return what is shown."""
    form = f"document.querySelector('section[aria-labelledby=\"{name}\"] form')"
    for field, value in values.items():
        page.run(f"{form}.elements[{field!r}].value = {value!r}")
    page.run(f"{form}.querySelector('button').click()")
    return str(
        page.wait(
            f"{form}.querySelector('pre').textContent.includes('content-type') && {form}.querySelector('pre').textContent"
        )
    )


def test_a_request_is_sent_and_its_answer_shown(page: Tab) -> None:
    shown = sent(page, "add", a="5", b="-6")
    assert shown.startswith("GET /api/add?a=5&b=-6\n\n200 OK\n")
    assert shown.endswith('\n\n{"sum":-1}')


def test_paths_and_headers_are_filled_in(page: Tab) -> None:
    shown = sent(page, "read_user", user_id="7")
    assert shown.startswith("GET /api/users/7\n\n200 OK\n")
    assert 'etag: "1"' in shown
    assert '"username":"user0000007"' in shown
    assert sent(page, "read_user", user_id="a/b").startswith("GET /api/users/a%2Fb\n\n404 Not Found\n")


def test_a_body_is_sent_and_an_error_shown_like_any_answer(page: Tab) -> None:
    shown = sent(page, "create_user", body='{"username": "admin", "email": "admin@example.org"}')
    assert shown.startswith("POST /api/users\n\n409 Conflict\n")
    assert '"title":"Conflict"' in shown
    assert "content-type: application/problem+json" in shown


def test_a_value_that_must_be_there_is_asked_for_before_anything_is_sent(page: Tab) -> None:
    form = "document.querySelector('section[aria-labelledby=\"read_user\"] form')"
    page.run(f"{form}.querySelector('button').click()")
    assert page.run(f"{form}.checkValidity()") is False
    assert page.run(f"{form}.querySelector('pre').hidden") is True


def test_every_field_has_a_label_and_every_section_a_name(page: Tab) -> None:
    assert page.run("[...document.querySelectorAll('input, textarea')].every(field => field.labels.length === 1)")
    script = "s => document.getElementById(s.getAttribute('aria-labelledby')).textContent"
    names = page.run(f"[...document.querySelectorAll('section')].map({script})")
    assert len(names) == len(set(names)) == 11
    ids = page.run("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))
