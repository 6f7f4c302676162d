"""What is there without a network: the style of our pages, and the whole of a report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect

from tandem import report
from tests.browser.watch import watched
from tests.support import synthetic


def test_the_style_sheet_is_applied(browser: Browser, asgi_url: str, tmp_path: Path) -> None:
    with browser.new_page(viewport={"width": 390, "height": 800}) as page:
        page.goto(asgi_url + "/users")
        styled, text = page.screenshot(), page.content()
        # The same document without its sheet, and once more with one that isn't there: these two must look alike.
        plain = re.sub(r'<link rel="stylesheet"[^>]*>', "", text)
        (tmp_path / "plain.html").write_text(plain)
        (tmp_path / "broken.html").write_text(text)
        page.goto((tmp_path / "plain.html").as_uri())
        unstyled = page.screenshot()
        page.goto((tmp_path / "broken.html").as_uri())
        assert page.screenshot() == unstyled
    assert plain != text
    assert styled != unstyled


def test_the_report_opens_offline_and_asks_for_nothing(browser: Browser, tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthetic.synthesise())
    report.write(tmp_path)
    url = (tmp_path / "report.html").as_uri()
    with watched(browser, offline=True) as seen:
        page = seen.context.new_page()
        page.goto(url)
        expect(page.locator("svg").first).to_be_visible()
    assert (seen.asked(), seen.console) == ([url], [])


def test_nothing_leaves_this_machine(browser: Browser) -> None:
    """Not even a name is asked for: the browser finds none."""
    with browser.new_page() as page, pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://localhost/")
