"""Measure what a killed worker, a reload and handlers that hang do on each server: `python docs/measurements/server_faults.py`.

Each stack runs behind nginx, and is asked for a user by id at a fixed rate, whatever becomes of earlier requests. After two
seconds something happens to it. What counts is how many requests get no good answer, how many take longer than the target, and
for how long after it that goes on. Every fault meets a stack that was started afresh. About 14 minutes for all stacks.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from asking import Bench

from tandem.launch import database, news, nginx, ports, running_stack, signals
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.observe import usage
from tandem.plan import needs
from tandem.plan import stacks as tandem_stacks
from tandem.plan.definition import Definition

TARGET, PATIENCE = 0.1, 5.0
"""Seconds after which an answer is late, and after which nobody waits for it."""

BEFORE, AFTER = 2.0, 10.0
"""Seconds of asking before the fault, and after it."""

HANGING, HUNG_MS = 20, 5000
"""How many handlers hang at once, more than any documented WSGI stack has threads, and for how long."""

RELOADS = ("gunicorn", "granian", "uwsgi")
"""Servers that take new code at SIGHUP, as their stacks start them: uvicorn and hypercorn need two workers for it."""


class Asked(NamedTuple):
    """One request and what became of it, in seconds since the fault."""

    due: float
    took: float
    good: bool


class Seen(NamedTuple):
    """What a fault did."""

    lost: int
    late: int  # of those that were answered
    until: float | None  # seconds from the fault to the last request that was lost or late; None: it went on to the end
    of: int


async def get(port: int, path: str) -> bool:
    """Ask over a connection of its own, and tell whether 200 came."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            return answer.startswith(b"HTTP/1.1 200 ")
    except (OSError, TimeoutError):
        return False


async def watched(port: int, rate: float, fault: Callable[[], Awaitable[object]], after: float = AFTER) -> list[Asked]:
    """Ask at this rate, before the fault and after it."""
    start = time.perf_counter() + 0.1

    async def one(due: float) -> Asked:
        await asyncio.sleep(start + due - time.perf_counter())
        good = await get(port, "/api/users/7")
        return Asked(due - BEFORE, time.perf_counter() - start - due, good)

    async def happen() -> None:
        await asyncio.sleep(start + BEFORE - time.perf_counter())
        await fault()

    dues = [number / rate for number in range(int((BEFORE + after) * rate))]
    *found, _ = await asyncio.gather(*[one(due) for due in dues], happen())
    return [each for each in found if isinstance(each, Asked)]


def seen(asked: list[Asked]) -> Seen:
    """Sum up what came after the fault, or was under way."""
    after = [each for each in asked if each.due + each.took >= 0]
    bad = [each for each in after if not each.good or each.took > TARGET]
    end = max(each.due for each in after)
    last = max((each.due for each in bad), default=0.0)
    return Seen(
        lost=sum(not each.good for each in after),
        late=sum(each.good for each in bad),
        until=None if last > end - 1 else max(last, 0.0),
        of=len(after),
    )


def worker(running: RunningStack) -> int:
    """The process that answers: a child of the server's own process where it has any, else that process."""
    (server,) = (each.pid for each in usage.scan() if each.parent == running.keepers()[0])
    children = [each.pid for each in usage.scan() if each.parent == server]
    used = usage.spent(each for each in usage.scan() if each.pid in children)
    return max(used, key=lambda id_: used[id_].own).pid if used else server


async def killed(running: RunningStack, _: Definition) -> None:
    """SIGKILL for the process that answers, as the kernel sends it where memory runs out."""
    os.kill(worker(running), signal.SIGKILL)


async def reloaded(running: RunningStack, _: Definition | None = None) -> None:
    """New code, by SIGHUP for the server's own process."""
    (server,) = (each.pid for each in usage.scan() if each.parent == running.keepers()[0])
    os.kill(server, signal.SIGHUP)


async def hung(running: RunningStack, count: int) -> None:
    """So many handlers that hang at once."""
    await asyncio.gather(*[get(running.port, f"/lab/sleep?ms={HUNG_MS}") for _ in range(count)])


def program(stack: Definition) -> str:
    """The server's name."""
    return next((name for name in RELOADS if any(name in part for part in stack.command[:3])), "")


FAULTS: dict[str, Callable[[RunningStack, Definition], Awaitable[None]]] = {
    "its worker is killed": killed,
    "it is reloaded": reloaded,
    "one handler hangs": lambda running, _: hung(running, 1),
    f"{HANGING} handlers hang": lambda running, _: hung(running, HANGING),
}


def measured(bench: Bench, name: str, fault: str, rate: float, news_url: str) -> Seen:
    """Start the stack, have it asked, and let it happen."""
    definition = tandem_stacks.load()[name]
    with tempfile.TemporaryDirectory(dir=bench.folder) as made:
        folder = Path(made)
        database.restore(definition.application, bench.seeded, folder / "users.db", folder / "restore.log")
        place = StackEnvironment(
            folder=folder, logs=folder, cpus=bench.cpus[:1], news_url=news_url, nginx=nginx.find(), more={"LAB": "1"},
            database_url=database.url(definition.application, folder / "users.db"), port=ports.free_port(),
        )  # fmt: skip
        with running_stack.running(name, definition, place) as running:
            return seen(asyncio.run(watched(running.port, rate, lambda: FAULTS[fault](running, definition))))


def text(found: Seen | None) -> str:
    """What stands in the table."""
    if found is None:
        return "–"
    if not found.lost and not found.late:
        return "nothing"
    parts = [f"{found.lost} lost"] * bool(found.lost) + [f"{found.late} late"] * bool(found.late)
    went = "to the end" if found.until is None else f"for {found.until:.1f} s"
    return f"{', '.join(parts)}, {went}"


def table(found: dict[str, dict[str, Seen | None]]) -> str:
    """The Markdown table."""
    lines = ["| stack | " + " | ".join(FAULTS) + " |", "|---|" + "---|" * len(FAULTS)]
    lines += [f"| `{name}` | " + " | ".join(text(row[fault]) for fault in FAULTS) + " |" for name, row in found.items()]
    return "\n".join(lines)


def whole() -> list[str]:
    """The servers of docs/servers.md that have the whole app and can be started here."""
    known = tandem_stacks.load()
    return [
        name
        for name, stack in known.items()
        if not stack.routes and {"history", "servers"} & stack.groups.keys() and not needs.lacking(stack.needs)
    ]


def main() -> None:
    """Measure stack by stack, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second")
    parser.add_argument("--stacks", default=",".join(whole()), metavar="A,B")
    options = parser.parse_args()
    found: dict[str, dict[str, Seen | None]] = {}
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-faults-") as made:
        bench = Bench(folder=Path(made), rounds=1, seconds=BEFORE + AFTER)
        port = ports.free_port()
        with news.stub(port=port, delay=0.1, logs=bench.folder, cpus=bench.cpus[-1:]):
            for name in options.stacks.split(","):
                print(f"{name}: {len(found) + 1} of {len(options.stacks.split(','))}", file=sys.stderr, flush=True)
                can = {fault: fault != "it is reloaded" or program(tandem_stacks.load()[name]) for fault in FAULTS}
                found[name] = {
                    fault: measured(bench, name, fault, options.rate, f"http://127.0.0.1:{port}/news")
                    if can[fault]
                    else None
                    for fault in FAULTS
                }
    print(
        f"{options.rate:g} requests per second, {AFTER:g} s of them after each fault; late: more than {TARGET:g} s.\n"
    )
    print(table(found))


if __name__ == "__main__":
    main()
