"""What holds a loop, for `stalls.py`: the laboratory's kinds, as requests to the ASGI app, and what it has no route for.

Each comes with the lines that a detector should name: those of the function that the laboratory's row names, or one that is
marked in `tests/stalls/blockers.py`.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

import httpx

from tandem.report.detectors import NOTHING_HELD
from tests.stalls import blockers
from tests.support.lab import ROWS, row, target
from userdb import lab

ENOUGH = {"ms": 350, "times": 15, "items": 200_000, "objects": 2_000_000}
"""So much of each holds the loop for 0.3 s or more: long against what a busy machine keeps a thread waiting."""

SHORT = {"ms": 350, "times": 5, "items": 20_000, "objects": 5}
"""What is asked of the right ways: time enough to be seen, and no more work than that."""

BESIDE: dict[str, blockers.Blocker] = {
    "another program": blockers.run_program,
    "a lock": blockers.lock,
    "a native call with the GIL": blockers.hold_the_gil,
    "many short callbacks": blockers.many_short,
    "another thread with the GIL": blockers.another_holds_the_gil,
}
"""Of which the laboratory has none."""

SUSPECT = "suspect="
"""Marks a line in a report that is suspected and not blamed."""

_PLACE = re.compile(r"""([^\s"'()=]+\.py)(?::|["'], line |['"], ?|, line )(\d+)\b""")
"""A file with a line, however a report writes it: `file.py:7`, `"file.py", line 7`, `('file.py', 7`."""


class Planted(NamedTuple):
    """Lines that hold the loop."""

    file: str  # from the project's folder
    lines: range

    def is_named(self, report: str) -> bool:
        """Whether one of them stands anywhere in a report; of the file's path two parts are enough, some shorten it."""
        return any(
            PurePath(file).parts[-2:] == PurePath(self.file).parts[-2:] and int(line) in self.lines
            for file, line in _PLACE.findall(report)
        )


class Case(NamedTuple):
    """Something that holds the loop, or not."""

    hold: Callable[[httpx.AsyncClient], Awaitable[object]]
    planted: Planted | None  # None: there is no single line to name


def cases() -> dict[str, Case]:
    """All of them, by name."""
    found = {
        kind: Case(partial(_ask, target(each["wrong"], ENOUGH[each["amount"]])), _function(**each["planted"]))
        for kind, each in ROWS.items()
        if "planted" in each
    }
    found |= {name: Case(partial(_alone, blocker), _marked(blocker)) for name, blocker in BESIDE.items()}
    return {**found, NOTHING_HELD: Case(_right_ways, None)}


def concluded(planted: Planted | None, reports: Sequence[str]) -> Counter[str]:
    """What one turn adds: whether it was caught, and where a line is planted whether that was named, or suspected at least."""
    counts = Counter(turns=1, caught=int(bool(reports)), right=0, suspected=0)
    if planted is not None:
        named = [report for report in reports if planted.is_named(report)]
        counts["right"] = int(any(SUSPECT not in report for report in named))
        counts["suspected"] = int(bool(named) and not counts["right"])
    return counts


async def _ask(path: str, client: httpx.AsyncClient) -> None:
    """Ask for a route of the laboratory. Raises RuntimeError where it did not do what it was asked for."""
    try:
        answer = await client.get(path)
    finally:
        lab.release()
    if answer.status_code != 200:
        raise RuntimeError(f"GET {path} was answered by {answer.status_code}: {answer.text}")


async def _alone(blocker: blockers.Blocker, _: httpx.AsyncClient) -> None:
    await blocker()


async def _right_ways(client: httpx.AsyncClient) -> None:
    """Everything done right, at once; but for what starts a process, which holds the loop while it does."""
    paths = {each["right"] for each in ROWS.values() if "planted" in each and "right" in each}
    asked = sorted(paths - {"/lab/compute-in-process"})
    await asyncio.gather(*(_ask(target(path, SHORT[row(path)["amount"]]), client) for path in asked))


def _function(file: str, function: str) -> Planted:
    """All lines of a function below its first, which asyncio names of any coroutine."""
    file = file.format(app="asgi_app")
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    lines, first = inspect.getsourcelines(getattr(module, function))
    return Planted(file, range(first + 1, first + len(lines)))


def _marked(blocker: blockers.Blocker) -> Planted | None:
    """The line that is marked, if one is."""
    if "# here" not in inspect.getsource(blocker):
        return None
    file, _, line = blockers.line_of(blocker).rpartition(":")
    return Planted(file, range(int(line), int(line) + 1))
