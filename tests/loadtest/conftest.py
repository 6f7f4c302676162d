"""Gives tests the modules of the room that don't need Locust; Locust itself would patch this process for gevent."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.loadtest.runs import LOADTEST


class Room:
    """The modules of `loadtest/` as attributes: `room.checks` is `_checks`."""

    def __getattr__(self, name: str) -> Any:
        module: ModuleType = importlib.import_module(f"_{name}")
        assert "locust" not in sys.modules
        return module


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """Imported afresh and forgotten afterwards."""
    monkeypatch.syspath_prepend(LOADTEST)
    ours = {file.stem for file in LOADTEST.glob("_*.py")}
    yield Room()
    for name in ours & sys.modules.keys():
        del sys.modules[name]
