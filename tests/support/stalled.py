"""What a watched app and nginx leave of a block with blockers: eight sleeps on a loop, as if they had been recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tandem.records import journal, stalled
from tandem.records.block import Block
from tandem.records.setup import Load, Run
from tests.support import blocking, raw_file, synthetic
from tests.support.synthetic import ASGI

BLOCKERS = [3 + number / 2 for number in range(8)]


def row(at: float, seconds: float = 0.2, **changes: Any) -> dict[str, Any]:
    """A row of stalls; `at` is in seconds since the window's beginning."""
    line = {"file": "asgi_app/lab.py", "line": 16, "function": "sleep", "count": 19, "inside": "sleep"}
    facts = {
        "type": "stall", "number": 1, "pid": 7, "watched": "loop", "kind": "wait", "at": synthetic.START + at, "monotonic": at,
        "seconds": seconds, "over": True, "samples": 20, "lines": [line], "callbacks": 1, "cpu": 0.001, "process_cpu": 0.002,
        "gc": 0.0, "late": 0.001, "route": "GET /lab/sleep", "request": "b" * 32, "in_flight": 3, "requests": ["a" * 32],
        "waiting": None, "stack": [], "others": [], "suspect": None,
    }  # fmt: skip
    return {**facts, **changes}


def asked(end: float, took: float, name: str = "a" * 32, path: str = "/healthz", header: str = "0.100") -> str:
    """A line of nginx's log; `end` is in seconds since the window's beginning."""
    cells = (f"{synthetic.START + end:.3f}", f"{took:.3f}", name, "200", "GET", path, "0.000", header, "127.0.0.1:9")
    return "\t".join(cells)


def recorded(folder: Path) -> tuple[list[Load], list[Block]]:
    """The loads and blocks of a run."""
    found = list(journal.read(folder / journal.RECORDS))
    loads = [load for each in found if isinstance(each, Run) for load in each.loads]
    return loads, [each for each in found if isinstance(each, Block)]


def write(folder: Path) -> Path:
    """A run of one round, whose asgi was watched while it stood."""
    for record in blocking.records(rounds=1):
        found = blocking.placed(record) if isinstance(record, Block) else record
        synthetic.write(folder, [found], raw=False)
        if isinstance(found, Block):
            raw_file.write(folder / found.samples, blocking.raw_samples(stands=found.stack == ASGI))
            rows = [row(at) for at in BLOCKERS] if found.stack == ASGI else []
            text = "".join(f"{json.dumps(each)}\n" for each in [*rows, {"type": "counts", "pid": 7}])
            stalled.beside(folder, found, stalled.STALLS).write_text(text)
            stalled.beside(folder, found, stalled.ACCESS).write_text(asked(3.2, 0.19) + "\n")
    return folder
