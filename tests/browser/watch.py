"""What a browser asks for and what its console says, while a test uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Request

from tests.browser.chromium import PATIENCE

OURS = ("http://127.0.0.1:", "data:", "file:")


@dataclass(frozen=True)
class Seen:
    """What was seen so far in a browser that had never been anywhere."""

    context: BrowserContext
    requests: list[Request]
    console: list[str]

    def forget(self) -> None:
        """Begin anew, logged in as nobody, with nothing seen so far."""
        self.context.clear_cookies()
        self.requests.clear()
        self.console.clear()

    @contextmanager
    def anew(self) -> Iterator[BrowserContext]:
        """Begin anew for one test, and close its pages at its end. Fails where there was trouble."""
        self.forget()
        if not self.context.pages:
            self.context.new_page()  # it stays: with the last page the process behind it ends, and to start that is what costs
        yield self.context
        for page in self.context.pages[1:]:
            page.close()
        assert self.trouble() == []

    def asked(self) -> list[str]:
        """The URLs that were asked for."""
        return [request.url for request in self.requests]

    def loaded(self) -> set[str]:
        """The paths of what pages loaded. The icon is not of them: the browser asks for it when it has the time."""
        loaded = {urlsplit(each.url).path for each in self.requests if not each.is_navigation_request()}
        return loaded - {"/static/icon.svg"}

    def statuses(self) -> list[int]:
        """What the console said of answers, pages themselves among them: the statuses of those that failed."""
        return [int(line.partition(" status of ")[2][:3]) for line in self.console if " status of " in line]

    def trouble(self) -> list[str]:
        """What else the console said, and what was asked of others."""
        said = [line for line in self.console if " status of " not in line]
        return said + [url for url in self.asked() if not url.startswith(OURS)]


@contextmanager
def watched(browser: Browser, **options: Any) -> Iterator[Seen]:
    """A browser that has never been anywhere. Fails at the end where there was trouble."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(1000 * PATIENCE)
        seen = Seen(context, [], [])
        context.on("request", lambda request: seen.requests.append(request))
        context.on("console", lambda message: seen.console.append(message.text))
        context.on("weberror", lambda error: seen.console.append(str(error.error)))
        yield seen
    assert seen.trouble() == []
