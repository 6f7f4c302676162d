"""Measure what it costs that a server is killed or reloaded in a service that is kept up: `python docs/measurements/restarts.py`.

The folders are those of `deploy/assemble`, under a real Supervisor, with nginx in front (`kept_up.py`). A client asks for a user
by id at a fixed rate, over a connection of its own each time, whatever becomes of earlier requests; after two seconds the server
is killed (SIGKILL), or told to take new code. What counts is how many requests get no good answer within 5 s, how many take
longer than 100 ms, and when the last of them was due. About 6 minutes for all on an idle machine; Ctrl-C ends all.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from asking import Bench
from kept_up import site
from msgspec import structs
from server_faults import AFTER, PATIENCE, TARGET, Seen, reloaded, seen, watched

from tandem.errors import Stopped, TandemError
from tandem.launch import database, nginx, ports, running_stack, signals
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.plan import needs
from tandem.plan import stacks as tandem_stacks

KILLED, RELOADED = 50.0, 200.0
"""Requests per second, where the server is killed and where it is reloaded."""

LONG = 45.0
"""Seconds of asking after the server was killed: workers whose master was may finish what they have begun for 30 s."""

SYSTEMD = Path("/run/systemd/system")

TWO = ("--workers", "2")
UNITS = "its units belong to the system, where this script writes nothing"


class CannotRunError(Exception):
    """What can't be measured on this machine; its text says why."""


@contextmanager
def stack(bench: Bench, name: str, *more: str) -> Iterator[RunningStack]:
    """A stack that has no folder of `deploy/`, with more options. Raises CannotRunError where its server is missing."""
    definition = tandem_stacks.load()[name]
    if missing := needs.lacking(definition.needs):
        raise CannotRunError(missing)
    definition = structs.replace(definition, command=[*definition.command, *more])
    with tempfile.TemporaryDirectory(dir=bench.folder) as made:
        folder = Path(made)
        database.restore(definition.application, bench.seeded, folder / "users.db", folder / "restore.log")
        place = StackEnvironment(
            folder=folder, logs=folder, cpus=bench.cpus[:1], news_url="http://127.0.0.1:9/news", nginx=nginx.find(),
            database_url=database.url(definition.application, folder / "users.db"), port=ports.free_port(),
        )  # fmt: skip
        with running_stack.running(name, definition, place) as running:
            yield running


def killed(bench: Bench, app: str, kept: bool = False) -> Seen:
    """SIGKILL for the server, as the kernel sends it where memory runs out."""
    with site(bench, app, kept=kept) as place:
        return seen(asyncio.run(watched(place.port, KILLED, place.send(signal.SIGKILL), LONG)))


def hung_up(bench: Bench) -> Seen:
    """SIGHUP for gunicorn."""
    with site(bench, "wsgi") as place:
        return seen(asyncio.run(watched(place.port, RELOADED, place.send(signal.SIGHUP))))


def restarted(bench: Bench, kept: bool = False, twice: bool = False) -> Seen:
    """uvicorn ends, after what it has begun, and is started."""
    with site(bench, "asgi", kept=kept, twice=twice) as place:
        ended = place.send(signal.SIGTERM) if kept else place.restart
        return seen(asyncio.run(watched(place.port, RELOADED, ended)))


def chained(bench: Bench) -> Seen:
    """uWSGI replaces its workers one after another: of two, so that one is always there."""
    touched = bench.folder / "reload"
    touched.touch()

    async def touch() -> None:
        touched.touch()

    with stack(bench, "wsgi-uwsgi", "--processes", "2", "--touch-chain-reload", str(touched)) as running:
        return seen(asyncio.run(watched(running.port, RELOADED, touch)))


def signalled(bench: Bench, name: str, *more: str) -> Seen:
    """SIGHUP for a stack's server."""
    with stack(bench, name, *more) as running:
        return seen(asyncio.run(watched(running.port, RELOADED, partial(reloaded, running))))


def cannot(why: str) -> Seen:
    """What is not measured anywhere, or not here."""
    raise CannotRunError(why)


class Row(NamedTuple):
    """A row of the table, in two parts: which server, and what happens to it."""

    server: str
    happens: str
    rate: float
    measure: Callable[[Bench], Seen]
    after: float = AFTER  # seconds of asking after it


KEPT = "its socket kept as by systemd's units"
UNDER_SYSTEMD = UNITS if SYSTEMD.is_dir() else "systemd is not process 1 on this machine"
ROWS = [
    Row("gunicorn", "killed, under Supervisor", KILLED, partial(killed, app="wsgi"), LONG),
    Row("uvicorn", "killed, under Supervisor", KILLED, partial(killed, app="asgi"), LONG),
    Row("gunicorn", f"killed, {KEPT}", KILLED, partial(killed, app="wsgi", kept=True), LONG),
    Row("uvicorn", f"killed, {KEPT}", KILLED, partial(killed, app="asgi", kept=True), LONG),
    Row("both", "killed, under systemd", KILLED, lambda _: cannot(UNDER_SYSTEMD)),
    Row("gunicorn", "HUP", RELOADED, hung_up),
    Row("uvicorn", "restarted by Supervisor", RELOADED, restarted),
    Row("uvicorn", f"restarted, {KEPT}", RELOADED, partial(restarted, kept=True)),
    Row("uvicorn", "two of them restarted in turn", RELOADED, partial(restarted, twice=True)),
    Row("uWSGI", "chain reload", RELOADED, chained),
    Row("granian, Flask", "HUP", RELOADED, lambda bench: signalled(bench, "wsgi-granian")),
    Row("granian, Starlette", "HUP", RELOADED, lambda bench: signalled(bench, "asgi-granian")),
    Row("uvicorn, two workers", "HUP", RELOADED, lambda bench: signalled(bench, "asgi", *TWO)),
    Row(
        "hypercorn, two workers",
        "HUP, which it doesn't document",
        RELOADED,
        lambda bench: signalled(bench, "asgi-hypercorn", *TWO),
    ),
]


def line(row: Row, found: Seen | CannotRunError) -> str:
    """A line of the Markdown table."""
    if isinstance(found, CannotRunError):
        return f"| {row.server} | {row.happens} | not run: {found} | | | |"
    until = f"not within {row.after:g} s" if found.until is None else f"{found.until:.1f} s"
    return f"| {row.server} | {row.happens} | {row.rate:g}/s | {found.lost} of {found.of} | {found.late} | {until} |"


def main() -> None:
    """Measure row by row, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", metavar="WORDS", help="rows in whose first two columns these words stand")
    words = parser.parse_args().only
    rows = [row for row in ROWS if words in f"{row.server} {row.happens}"]
    if not rows:
        parser.error(f"no row has {words!r} in it")
    lines = []
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-restarts-") as made:
        bench = Bench(folder=Path(made), rounds=1, seconds=AFTER)
        os.sched_setaffinity(0, bench.cpus[-1:])
        for number, row in enumerate(rows, 1):
            print(f"{row.server}, {row.happens}: {number} of {len(rows)}", file=sys.stderr, flush=True)
            try:
                lines.append(line(row, row.measure(bench)))
            except CannotRunError as error:
                lines.append(line(row, error))
    print(f"Lost: no good answer within {PATIENCE:g} s; late: more than {TARGET:g} s.\n")
    print(
        "| server | what happens | requests | lost | late | the last of them |",
        "|---|---|---|---|---|---|",
        *lines,
        sep="\n",
    )


if __name__ == "__main__":
    try:
        main()
    except TandemError as error:
        sys.exit(f"restarts.py: {error}")
    except Stopped as stopped:
        sys.exit(stopped.status)
