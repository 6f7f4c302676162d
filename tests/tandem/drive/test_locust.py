"""Locust as the harness starts it: the same entry points, read once."""

from __future__ import annotations

import importlib.metadata
import runpy
from typing import Any

import pytest

from tandem.drive import locust


def test_what_packages_register_is_the_same_and_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = ("console_scripts", "gevent.plugins.monkey.did_patch_all")
    expected = {group: list(importlib.metadata.entry_points(group=group)) for group in groups}
    read: list[int] = []
    found: dict[str, list[importlib.metadata.EntryPoint]] = {}
    discover = importlib.metadata.MetadataPathFinder.find_distributions

    def counted(*given: Any) -> Any:
        read.append(1)
        return discover(*given)

    def locust_runs(module: str, **_: object) -> None:
        assert module == "locust"
        found.update({group: list(importlib.metadata.entry_points(group=group)) for group in groups})

    monkeypatch.setattr(importlib.metadata, "entry_points", importlib.metadata.entry_points)
    monkeypatch.setattr(importlib.metadata.MetadataPathFinder, "find_distributions", staticmethod(counted))
    monkeypatch.setattr(runpy, "run_module", locust_runs)
    locust.main()
    assert found == expected
    assert len(found["console_scripts"]) > 1
    assert len(read) == 1
