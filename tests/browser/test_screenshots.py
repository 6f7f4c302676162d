"""Pictures of pages: they come out, and the two apps' are the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tandem.launch.running_stack import RunningStack
from tests.browser.screenshots import APPS, looks


@pytest.mark.parametrize("name", ["register-unfit", "not-found"])
def test_both_apps_pages_look_the_same(browser: Browser, stack: Callable[[str], RunningStack], name: str) -> None:
    first, second = (dict(looks(browser, stack(app).url, name)) for app in APPS)
    assert first == second
    assert len(set(first.values())) == 4  # each size and scheme looks different
