"""What the tests of plans share: a machine of two CPUs."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def two_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
