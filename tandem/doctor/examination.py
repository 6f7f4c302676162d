"""The examination: looks at this machine before a run and says what would spoil one."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tandem.doctor import durations, processors, resources
from tandem.doctor.check import Check
from tandem.drive import generator
from tandem.errors import TandemError
from tandem.launch import nginx, postgresql
from tandem.observe import interference, provenance
from tandem.records import run_folder

CLOCK_MONOTONIC = 1


def examine(cpus: int = 1, folder: Path = Path("results"), seconds: float = 3.0) -> list[Check]:
    """Look at everything; with so many CPUs for the stack, results in `folder`, and others watched for some seconds."""
    if sys.platform != "linux":
        text = f"{sys.platform}: stacks are compared on Linux only; reports can be rendered here"
        return [Check("platform", "bad", text)]
    place = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.is_dir())
    allowed = sorted(os.sched_getaffinity(0))
    look = interference.watch_host(allowed, seconds)
    return [
        python(),
        *tools(),
        servers(),
        commit(),
        *processors.cpus(cpus),
        processors.quota(len(allowed)),
        processors.frequency(allowed),
        processors.virtualised(),
        processors.clock(),
        timer(),
        processors.generator_waiting(),
        *processors.activity(look),
        resources.memory(),
        resources.swap(),
        resources.disk(place),
        resources.file_system(place),
        resources.open_files(),
        resources.local_ports(),
        durations.durations(cpus),
    ]


def render(found: list[Check]) -> str:
    """Return the findings as lines, and a last one that says what they come to."""
    width = max((len(each.name) for each in found), default=0)
    lines = [f"{each.state:<4}  {each.name:<{width}}  {each.text}" for each in found]
    bad, notes = (sum(each.state == state for each in found) for state in ("bad", "note"))
    if bad:
        last = f"{_count(bad, 'thing')} would spoil a run; look at the lines that begin with `bad`"
    elif notes:
        last = f"nothing would spoil a run; {_count(notes, 'note')} to read its numbers by"
    else:
        last = "nothing would spoil a run"
    return "\n".join([*lines, "", last])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def python() -> Check:
    """Look at platform and Python."""
    text = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform} {platform.machine()}"
    if platform.machine() not in ("x86_64", "AMD64"):
        return Check("Python", "note", f"{text}: supported in full is x86_64; here a sound SQLite must be found")
    return Check("Python", "ok", text)


def tools() -> Iterator[Check]:
    """Look for Locust, the libraries of the report, and nginx."""
    checks: list[tuple[str, Callable[[], object]]] = [
        ("Locust", generator.check),
        ("report", run_folder.check_report_libraries),
        ("nginx", lambda: nginx.version(nginx.find())),
    ]
    for name, check in checks:
        try:
            answer = check()
        except TandemError as error:
            yield Check(name, "bad", str(error))
        else:
            yield Check(name, "ok", str(answer or "present"))


def servers() -> Check:
    """Look for PostgreSQL, which only some runs need."""
    try:
        return Check("PostgreSQL", "ok", f"{postgresql.find()}, for compare --database postgresql")
    except TandemError as error:
        return Check("PostgreSQL", "note", f"{error}; only compare --database postgresql needs it")


def commit() -> Check:
    """Look whether a commit would say what was measured."""
    changed = provenance.git("status", "--porcelain")
    if changed is None:
        return Check("commit", "note", "no git or no repository: a report can't say which code it measured")
    if changed:
        changes = _count(len(changed.splitlines()), "file")
        return Check("commit", "note", f"uncommitted changes in {changes}: the report's commit is not what is measured")
    return Check("commit", "ok", "nothing uncommitted")


def timer() -> Check:
    """Look for the kernel's timer that dispatches arrivals to a fraction of a millisecond."""
    create = getattr(ctypes.CDLL(None), "timerfd_create", None)
    descriptor = -1 if create is None else create(CLOCK_MONOTONIC, 0)
    if descriptor < 0:
        text = "timerfd can't be used: arrivals are up to 1 ms late, and blocks count as SUSPECT for it"
        return Check("timer", "note", text)
    os.close(descriptor)
    return Check("timer", "ok", "timerfd")
