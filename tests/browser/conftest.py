"""One browser for all these tests, and for each test a page of its own, watched all the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tandem.launch.running_stack import RunningStack
from tests.browser import chromium
from tests.browser.watch import Seen, watched


# Not of the whole session: while Playwright runs, this thread has an event loop, and other tests run one of their own.
@pytest.fixture(scope="package")
def browser(processes: None) -> Iterator[Browser]:
    """The browser. Whoever lacks one is told so in the last lines."""
    if chromium.FOUND is None:
        pytest.skip(chromium.MISSING)
    with chromium.running() as started:
        yield started


@pytest.fixture
def url(request: pytest.FixtureRequest, stack: Callable[[str], RunningStack]) -> str:
    """Where one app answers, `asgi` unless a test names another: the pages of both are the same, as test_views.py sees."""
    return stack(getattr(request, "param", "asgi")).url


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Callable[[str, bool], Seen]]:
    """Gives what this module's tests share: one context for each URL, with JavaScript or without. A new one costs CPU."""
    known: dict[tuple[str, bool], Seen] = {}
    with ExitStack() as exits:

        def of(url: str, javascript: bool) -> Seen:
            if (url, javascript) not in known:
                new = watched(browser, base_url=url, java_script_enabled=javascript)
                known[url, javascript] = exits.enter_context(new)
            return known[url, javascript]

        yield of


@pytest.fixture
def context(request: pytest.FixtureRequest, visitor: Callable[[str, bool], Seen], url: str) -> Iterator[BrowserContext]:
    """A browser that nobody is logged in with; a test that gives it the parameter False has no JavaScript."""
    with visitor(url, getattr(request, "param", True)).anew() as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page."""
    return context.new_page()


without_javascript = pytest.mark.parametrize("context", [False], ids=["plain"], indirect=True)
