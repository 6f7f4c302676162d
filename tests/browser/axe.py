"""What axe finds on a page; https://dequeuniversity.com/rules/axe."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT, AxeResults  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Page

from tests.browser.screenshots import SCHEMES, SIZES

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


def axe_finds_nothing(page: Page) -> None:
    """Neither that breaks WCAG 2.2 AA nor against best practice, in a page that has axe."""
    found = AxeResults(page.evaluate("rules => axe.run(rules)", RULES))
    assert found.violations_count == 0, found.generate_report()


def load_axe(page: Page) -> None:
    """Bring axe into the page, past its Content-Security-Policy; it stays until the next page."""
    page.evaluate(AXE_SCRIPT)


def axe_finds_nothing_at_any_size(page: Page, number: int = 0) -> None:
    """Neither wide nor narrow, neither light nor dark: one looks light, the other dark, for an odd number the other way round.

    Colours don't depend on the size, so that not every page need be looked at four times.
    """
    load_axe(page)
    schemes = SCHEMES if number % 2 == 0 else SCHEMES[::-1]
    for (width, height), scheme in zip(SIZES.values(), schemes, strict=True):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        axe_finds_nothing(page)
