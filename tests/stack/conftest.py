"""Stacks that share a database."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tandem.launch import ports, running_stack
from tandem.launch.running_stack import RunningStack
from tandem.plan import stacks as tandem_stacks
from tests.support.stacks import environment_for


@pytest.fixture
def both(seeded: Path, tmp_path: Path) -> Iterator[list[RunningStack]]:
    """Both apps on one database."""
    known = tandem_stacks.load([])
    with ExitStack() as stack:
        first, second = tmp_path / "wsgi-gthread", tmp_path / "asgi"
        first.mkdir()
        second.mkdir()
        environment = environment_for(first, seeded, "http://127.0.0.1:9/news")
        other = environment_for(second, seeded, "http://127.0.0.1:9/news")
        other = dataclasses.replace(other, database_url=environment.database_url, port=ports.free_port())
        yield [
            stack.enter_context(running_stack.running(name, known[name], where))
            for name, where in (("wsgi-gthread", environment), ("asgi", other))
        ]
