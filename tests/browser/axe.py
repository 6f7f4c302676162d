"""What axe finds on a page; https://dequeuniversity.com/rules/axe."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT, AxeResults  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


def load_axe(page: Page) -> None:
    """Bring axe into the page, past its Content-Security-Policy; it stays until the next page."""
    page.evaluate(AXE_SCRIPT)


def axe_finds_nothing(page: Page) -> None:
    """Neither that breaks WCAG 2.2 AA nor against best practice."""
    found = AxeResults(page.evaluate("rules => axe.run(rules)", RULES))
    assert found.violations_count == 0, found.generate_report()
