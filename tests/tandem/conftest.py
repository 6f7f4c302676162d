"""What the tests of the harness share."""

from __future__ import annotations

import pytest

from tandem.report import pictures


@pytest.fixture
def only_svg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are drawn as SVG and their PNGs left empty: they take a fourth of a report's CPU, and few tests look at them."""
    monkeypatch.setattr(pictures, "png", lambda chart: b"")
