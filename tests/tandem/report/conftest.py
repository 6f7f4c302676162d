"""What the tests of the report share: the report of one complete run, drawn once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import stalled
from tests.tandem.report import pages
from tests.tandem.report.pages import Page


class Report(NamedTuple):
    """The folder of a complete run with its report, which nobody changes."""

    folder: Path
    page: Page
    html: str
    markdown: str


@pytest.fixture(scope="session")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("complete")
    page, markdown = pages.made(folder)
    return Report(folder, page, (folder / "report.html").read_text(encoding="utf-8"), markdown)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run whose asgi was watched while it stood."""
    folder = tmp_path / "run"
    folder.mkdir()
    return stalled.write(folder)
