"""A reader that is slower than the server: what it hasn't read is not made, and so kept nowhere, in no process of a stack."""

from __future__ import annotations

import importlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tandem.launch import running_stack
from tandem.observe import usage
from tandem.paths import PROJECT
from tandem.plan import stacks
from tests.support.stacks import environment_for

LONG = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000)
INSERT INTO users (username, email, password_hash, created_at, version)
SELECT printf('%080d', n), printf('%0108d@example.org', n), '', 1767225600, 1 FROM numbers
"""
"""So many users of the longest names that a file of them is large beside all buffers on its way."""


@pytest.fixture
def export(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script that measures the same with more users."""
    monkeypatch.syspath_prepend(str(PROJECT / "docs" / "measurements"))
    return importlib.import_module("export")


@pytest.mark.parametrize("name", ["wsgi-gthread", "asgi"])
def test_memory_stays_as_it_is_while_a_slow_reader_reads(
    name: str, export: Any, seeded: Path, news_url: str, tmp_path: Path
) -> None:
    place = environment_for(tmp_path, seeded, news_url)
    with closing(sqlite3.connect(tmp_path / "users.db")) as database:
        database.executescript(LONG)
    with running_stack.running(name, stacks.load([])[name], place) as running:
        target = export.Target(running.port, [*usage.below(running.keepers()), running.nginx.pid])
        export.warm(target)
        seen = export.read(target, rate=5_000_000)
    assert seen.size > 12_000_000
    assert seen.grown < seen.size / 2
