"""A live session: starts the stacks and the page's process, says where the page is, and ends all of it, however it ends."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tandem.errors import TandemError
from tandem.formats import listed
from tandem.launch import database, news, nginx, ports, process, readiness, running_stack
from tandem.launch.process import Child, Children
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.live import setup
from tandem.live.setup import Setup
from tandem.paths import PROJECT
from tandem.plan import kinds
from tandem.plan.stacks import Stacks

SEEDED_USERS = 1000
"""Users in the database of each stack: bystanders ask for one of the first."""

NEWS_DELAY = 0.1
"""Seconds that the third party takes unless it is told otherwise."""

LANES = range(2, 5)
"""How many stacks can be shown."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """How to show them."""

    port: int
    rate: int
    seed: int


def lane_cpus(stacks: int, allowed: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Return the CPUs of each stack, and those of the page's process and the third party.

    Each stack has a CPU of its own where there are enough, so that what computes in one does not slow the others; otherwise all
    share the first. The last one is the page's where no stack needs it.
    """
    if len(allowed) < stacks:
        return [list(allowed[:1])] * stacks, list(allowed[-1:])
    return [[cpu] for cpu in allowed[:stacks]], list(allowed[-1:] if len(allowed) > stacks else allowed)


def check(stacks: Stacks, options: LiveOptions) -> None:
    """Raise TandemError where these can't be shown."""
    if len(stacks) not in LANES:
        raise TandemError(
            f"the page shows {LANES[0]} to {LANES[-1]} stacks, not {len(stacks)}: name them with --stacks A,B"
        )
    apps = {stack.implements or stack.app for stack in stacks.values()}
    if len(apps) > 1:
        raise TandemError(f"{listed([*stacks])} are of different apps: all lanes are asked the same")
    [app, *_] = [stack.application for stack in stacks.values()]
    if not app.lab:
        raise TandemError(f"the app {app.title!r} has nothing that blocks on purpose: its row has no `lab`")
    ports.refuse_used(options.port, "--port NUMBER")


def run(stacks: Stacks, options: LiveOptions, say: Say) -> None:
    """Show them until a signal comes. Raises RunFailed with last log lines where a process ends by itself."""
    check(stacks, options)
    [app, *_] = [stack.application for stack in stacks.values()]
    known = {name: kind for name, kind in kinds.load(app.load_test).items() if kind.part == "kinds"}
    binary = nginx.find()
    cpus, page_cpus = lane_cpus(len(stacks), sorted(os.sched_getaffinity(0)))
    say(f"starting {listed([*stacks])}")
    with ExitStack() as exits:
        folder = Path(
            exits.enter_context(tempfile.TemporaryDirectory(prefix="tandem-live-", ignore_cleanup_errors=True))
        )
        news_port = ports.free_port()
        if app.calls_news():
            exits.enter_context(news.stub(port=news_port, delay=NEWS_DELAY, logs=folder, cpus=page_cpus[-1:]))
        database.seed(app, folder / "seed.db", SEEDED_USERS, folder / "database.log")
        started, lanes = [], []
        for (name, stack), own in zip(stacks.items(), cpus, strict=True):
            file, stalls = folder / f"{name}.db", folder / f"stalls-{name}.jsonl"
            database.restore(app, folder / "seed.db", file, folder / "database.log")
            environment = StackEnvironment(
                folder=folder,
                logs=folder,
                cpus=own,
                database_url=database.url(app, file),
                news_url=f"http://127.0.0.1:{news_port}/news",
                nginx=binary,
                port=ports.free_port(),
                more={**app.lab, **({app.stalls: str(stalls)} if app.stalls else {})},
            )
            running = exits.enter_context(running_stack.running(name, stack, environment))
            started.append(running)
            lanes.append(setup.lane(name, stack, port=running.port, cpus=len(own), stalls=str(stalls)))
        told = Setup(
            port=options.port, rate=options.rate, seed=options.seed, lanes=lanes, kinds=known,
            bystanders=[app.alive, app.warm_up[0]], shared=len({*map(tuple, cpus)}) < len(cpus),
        )  # fmt: skip
        children = exits.enter_context(Children())
        _page(told, folder, page_cpus, children)
        say("Ctrl-C stops everything")
        say(f"blocking, live: http://127.0.0.1:{options.port}/ (a demonstration; `tandem compare` measures)")
        _watch(started, children)


def _page(told: Setup, folder: Path, cpus: Sequence[int], children: Children) -> None:
    """Start the page's process, and wait until it answers."""
    file = folder / "setup.json"
    file.write_bytes(msgspec.json.encode(told))
    command = [sys.executable, "-m", "tandem.live.server", str(file)]
    env = process.environment({})
    children.add(Child("page", command, log=folder / "page.log", cpus=cpus, env=env, cwd=PROJECT))
    readiness.wait(children, "the page", told.port, "/")


def _watch(started: Sequence[RunningStack], children: Children) -> None:
    while True:
        children.check()
        for running in started:
            running.check()
        time.sleep(0.2)
