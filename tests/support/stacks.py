"""Real stacks behind nginx: where each of them lives while tests ask it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tandem.launch import nginx, ports
from tandem.launch.running_stack import StackEnvironment
from tandem.plan import apps, needs, stacks
from tandem.plan.needs import Need
from tests.support.accounts import KEY

STACKS = ["wsgi-sync", "wsgi-gthread", "asgi"]
DIRECT = ["wsgi-direct", "asgi-direct"]
"""The tuned pair: what its store is, the tests in process ask; what only a real stack shows, these."""

FIRST = "wsgi-gthread"
"""What all other servers are held against."""

KNOWN = stacks.load()
SERVERS = [name for name, stack in KNOWN.items() if stack.groups.keys() - {"ladder"} and name not in STACKS]
"""What is behind every other server and interface of the field."""

WHOLE = [name for name in SERVERS if not KNOWN[name].routes]
"""Those of them that have all of the app; of the others only their routes are asked."""

USERDB = apps.load()["userdb"]
"""The row of the user database: all that the harness knows of it."""


def skip_without(what: str, wanted: Sequence[Need]) -> None:
    """Skip the test where something that it starts is not installed, and say what installs it; with REQUIRE_ALL=1 that fails."""
    if lacking := needs.lacking(wanted):
        pytest.skip(f"{what}: {lacking}")


def environment_for(folder: Path, seeded: Path, news_url: str, **more: str) -> StackEnvironment:
    """A place for a stack on a seeded database of its own; it believes the sessions of the tests."""
    database = shutil.copyfile(seeded, folder / "users.db")
    (folder / "session-keys").write_text(KEY)
    (folder / "session-keys").chmod(0o600)
    return StackEnvironment(
        folder=folder,
        logs=folder,
        cpus=one_cpu(),
        database_url=f"sqlite:///{database}",
        news_url=news_url,
        nginx=nginx.find(),
        port=ports.free_port(),
        more=more,
    )


def one_cpu() -> list[int]:
    """The CPU for what this process serves, as a list; where tests run in several processes, each has the next one."""
    cpus = sorted(os.sched_getaffinity(0))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % len(cpus)
    return cpus[number : number + 1]
