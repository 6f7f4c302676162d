"""Measure what it brings to write changes together: `python docs/measurements/groups.py` prints the Markdown table.

Both stores of both apps write in this process, on one CPU, without server and HTTP: so many writers at once change a user each,
and wait for the commit. Stores take turns in random order, on one database, with `synchronous=NORMAL` and with `FULL`, which
waits for the disk at each commit. What counts is the changes per second, as ratios to the documented store.
"""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import uvloop

import asgi_app.stores
import wsgi_app.stores
from userdb import errors, statements
from userdb.database import lifecycle
from userdb.forms import Preconditions, UserChange
from userdb.models import Account
from userdb.sessions import Session, Sessions
from userdb.settings import Settings, from_environment

APPS, STORES, LEVELS = ("wsgi_app", "asgi_app"), ("engine", "direct"), ("NORMAL", "FULL")
SESSIONS = Sessions(["k" * 32], 3600)
ANY = Preconditions(None, None)


def begun(account: Account | None) -> Session:
    """A session of the administrator."""
    assert account is not None
    return SESSIONS.begin(account)


class Found(NamedTuple):
    """What one turn showed."""

    rate: float  # changes per second that were committed
    refused: float  # the share of those who waited longer than 5 s, in %


def threads(settings: Settings, writers: int, changes: int) -> Found:
    """One turn of the WSGI app's store."""
    store = wsgi_app.stores.chosen(settings)
    store.open()
    author = begun(store.find_account("admin"))

    def write(number: int) -> bool:
        try:
            store.change_user(author, 2 + number % writers, UserChange(age=number % 100), ANY, None)
        except errors.Busy:
            return False
        return True

    with ThreadPoolExecutor(writers) as pool:
        began = time.perf_counter()
        written = sum(pool.map(write, range(changes)))
        took = time.perf_counter() - began
    store.close()
    return Found(written / took, 100 * (1 - written / changes))


async def loop(settings: Settings, writers: int, changes: int) -> Found:
    """One turn of the ASGI app's store."""
    store = asgi_app.stores.chosen(settings)
    await store.open()
    author = begun(await store.find_account("admin"))
    written, left = 0, iter(range(changes))

    async def write(user_id: int) -> None:
        nonlocal written
        for number in left:
            with suppress(errors.Busy):
                await store.change_user(author, user_id, UserChange(age=number % 100), ANY, None)
                written += 1

    began = time.perf_counter()
    await asyncio.gather(*[write(2 + number) for number in range(writers)])
    took = time.perf_counter() - began
    await store.close()
    return Found(written / took, 100 * (1 - written / changes))


def turn(app: str, store: str, level: str, file: Path, writers: int, changes: int) -> Found:
    """One turn of one store."""
    settings = from_environment({"DATABASE_URL": f"sqlite:///{file}", "STORE": store, "READ_CONNECTIONS": "1"})
    pragmas = (*statements.SQLITE_PRAGMAS, f"PRAGMA synchronous={level}")
    with mock.patch.object(statements, "SQLITE_PRAGMAS", pragmas):
        if app == "wsgi_app":
            return threads(settings, writers, changes)
        return uvloop.run(loop(settings, writers, changes))


def turns(rounds: int, writers: int, changes: int) -> dict[tuple[str, str, str], list[Found]]:
    """Every kind once a round, in random order, on one CPU."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cpus)[:1])
    kinds = [(level, app, store) for level in LEVELS for app in APPS for store in STORES]
    found: dict[tuple[str, str, str], list[Found]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory(prefix="tandem-groups-") as folder:
        file = Path(folder) / "users.db"
        lifecycle.seed(from_environment({"DATABASE_URL": f"sqlite:///{file}"}), 10_000)
        for _ in range(rounds):
            for kind in random.sample(kinds, len(kinds)):
                level, app, store = kind
                found[kind].append(turn(app, store, level, file, writers, changes))
    os.sched_setaffinity(0, cpus)
    return found


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--changes", type=int, default=2000, help="of one turn")
    parser.add_argument("--writers", type=int, default=32)
    options = parser.parse_args()
    found = turns(options.rounds, options.writers, options.changes)
    print("| synchronous | app | store | changes/s | ÷ engine | refused |\n|---|---|---|---:|---:|---:|")
    for (level, app, store), values in found.items():
        ratios = [one.rate / other.rate for one, other in zip(values, found[level, app, "engine"], strict=True)]
        middle = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        rate, refused = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"| {level} | `{app}` | {store} | {rate:.0f} | {middle} | {refused:.1f} % |")


if __name__ == "__main__":
    main()
