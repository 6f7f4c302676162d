"""The golden page: the one test that holds what the report says, word by word."""

from __future__ import annotations

from pathlib import Path

from tests.tandem.report import golden


def test_the_report_says_what_it_said() -> None:
    """Read what changed, then write it again, as the first lines of golden.py say."""
    assert golden.page().splitlines() == Path(__file__).with_name("golden.txt").read_text(encoding="utf-8").splitlines()
