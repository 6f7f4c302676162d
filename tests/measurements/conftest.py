"""How the scripts of docs/measurements are imported."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

import stalls  # noqa: F401  # the package, before a script of its name comes first

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a script of docs/measurements as the scripts import each other."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "measurements"))
    return importlib.import_module
