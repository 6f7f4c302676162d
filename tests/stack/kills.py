"""Kill the direct stores under write load, again and again: `python -m tests.stack.kills` prints how many acknowledged writes are missing.

A stack serves clients that create, change and remove users; its server (or the worker that a master has started) gets SIGKILL at
a random moment, and what is in the database then is held against what was acknowledged: 100 times for each stack and each level of
`synchronous`, about half an hour in all. This can't show what a power cut does, in which `NORMAL` may lose the last changes.
"""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import argparse
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tandem.launch import ports, running_stack, signals
from tandem.plan import stacks as tandem_stacks
from tests.support.apps import settings_for
from tests.support.ledger import CLIENTS, GONE, Ledger, workers, write
from tests.support.processes import server
from tests.support.stacks import DIRECT, environment_for
from tests.support.waiting import eventually
from userdb.database import lifecycle

LEVELS = ("FULL", "NORMAL")
LEVEL = """
import userdb.sqlite_driver
from pathlib import Path
from userdb import statements
statements.SQLITE_PRAGMAS = (*statements.SQLITE_PRAGMAS, "PRAGMA synchronous={level}")
Path({told!r}).touch()
"""
"""What a server's Python does first: the level is no setting of the apps."""


def missing(database: Path, ledger: Ledger) -> list[str]:
    """The users that are not as was acknowledged last, nor as was sent since; they are as they are from now on."""
    with closing(sqlite3.connect(database)) as connection:
        there = dict(connection.execute("SELECT id, age FROM users"))
    wrong = []
    for user_id, ages in ledger.ages.items():
        found = there.get(user_id, GONE)
        if found not in ages:
            wrong.append(f"user {user_id}: {found} is none of {sorted(ages)}")
        ledger.ages[user_id] = {found}
    if len(ledger.created) != len(set(ledger.created)):
        wrong.append("an id was given twice")
    return wrong


def killed(name: str, level: str, kills: int, folder: Path, seeded: Path) -> tuple[int, list[str]]:
    """How many writes were acknowledged, and what of them is missing."""
    definition, ledger, wrong = tandem_stacks.load([])[name], Ledger(), list[str]()
    place = environment_for(folder, seeded, "http://127.0.0.1:9/news")
    told = folder / "told"
    (folder / "sitecustomize.py").write_text(LEVEL.format(level=level, told=str(told)))
    for number in range(kills):
        own = folder / str(number)
        own.mkdir()
        here = replace(place, folder=own, shared=folder, port=ports.free_port(), more={"PYTHONPATH": str(folder)})
        stop, before = threading.Event(), ledger.acknowledged
        with running_stack.running(name, definition, here) as running, ThreadPoolExecutor(CLIENTS) as pool:
            assert told.exists(), "the level was not set"
            writing = [
                pool.submit(write, running.port, f"{number}-{client}", ledger, stop) for client in range(CLIENTS)
            ]
            try:
                assert eventually(lambda before=before: ledger.acknowledged > before + 20)  # type: ignore[misc]  # the default of a lambda has no type
                time.sleep(random.uniform(0, 0.2))
                for victim in workers(running) or [server(running.keepers()[0])]:
                    os.kill(victim, signal.SIGKILL)
                time.sleep(0.05)
            finally:
                stop.set()
            for each in writing:
                each.result()
        found = missing(folder / "users.db", ledger)
        wrong += [f"{name}, {level}, kill {number + 1}: {each}" for each in found]
    return ledger.acknowledged, wrong


def main() -> int:
    """Kill, print; return 1 where anything is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.stack.kills", description=str(__doc__).partition(":")[0])
    parser.add_argument("--kills", type=int, default=100, help="of each stack at each level (default: %(default)s)")
    parser.add_argument("--stacks", default=",".join(DIRECT), metavar="A,B")
    options = parser.parse_args()
    all_wrong = []
    print("| stack | synchronous | SIGKILLs | acknowledged writes | missing |\n|---|---|---:|---:|---:|", flush=True)
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-kills-") as temporary:
        seeded = Path(temporary) / "seeded.db"
        lifecycle.seed(settings_for(Path(temporary) / "first.db"), 100)
        lifecycle.snapshot(settings_for(Path(temporary) / "first.db"), seeded)
        for name in options.stacks.split(","):
            for level in LEVELS:
                folder = Path(temporary) / f"{name}-{level}"
                folder.mkdir()
                acknowledged, wrong = killed(name, level, options.kills, folder, seeded)
                print(f"| `{name}` | {level} | {options.kills} | {acknowledged} | {len(wrong)} |", flush=True)
                all_wrong += wrong
    print("\n".join(all_wrong), file=sys.stderr)
    return 1 if all_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
