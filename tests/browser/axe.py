"""What axe finds on a page; https://dequeuniversity.com/rules/axe."""

from __future__ import annotations

from collections.abc import Mapping

from axe_playwright_python.base import AXE_SCRIPT, AxeResults  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Page

from tests.browser.screenshots import SCHEMES, SIZES

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}

LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
ONLY_LOOKS = {"runOnly": {"type": "rule", "values": LOOKS}, "resultTypes": ["violations"]}
"""The rules about colours and sizes: for a second look at a page where nothing else depends on size and scheme."""


def axe_finds_nothing(page: Page, rules: Mapping[str, object] = EVERYTHING) -> None:
    """Neither that breaks WCAG 2.2 AA nor against best practice, in a page that has axe."""
    found = AxeResults(page.evaluate("rules => axe.run(rules)", rules))
    assert found.violations_count == 0, found.generate_report()


def load_axe(page: Page) -> None:
    """Bring axe into the page, past its Content-Security-Policy; it stays until the next page."""
    page.evaluate(AXE_SCRIPT)


def axe_finds_nothing_at_any_size(page: Page, number: int = 0, again: Mapping[str, object] = EVERYTHING) -> None:
    """Neither wide nor narrow, neither light nor dark: one looks light, the other dark, for an odd number the other way round.

    Colours don't depend on the size, so that not every page need be looked at four times. `again`: the rules of the second look.
    """
    load_axe(page)
    schemes = SCHEMES if number % 2 == 0 else SCHEMES[::-1]
    for (width, height), scheme, rules in zip(SIZES.values(), schemes, (EVERYTHING, again), strict=True):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        axe_finds_nothing(page, rules)
