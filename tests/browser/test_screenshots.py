"""Pictures of pages: they come out, and the two apps' are the same. That all pages are: test_views.py."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser

from tandem.launch.running_stack import RunningStack
from tests.browser.screenshots import APPS, looks


def test_both_apps_pages_look_the_same(browser: Browser, stack: Callable[[str], RunningStack]) -> None:
    first, second = (dict(looks(browser, stack(app).url, "register-unfit")) for app in APPS)
    assert first == second
    assert len(set(first.values())) == 4  # each size and scheme looks different
