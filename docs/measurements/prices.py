"""Print what each server and interface costs, in the order of history: `python docs/measurements/prices.py RUN [RUN …]`.

Each RUN is the folder of a comparison; docs/servers.md names those that its tables are made of. A value is the first that a run
has for a stack and scenario; what was not measured has none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tandem import formats
from tandem.errors import TandemError
from tandem.judge.measures import Measures
from tandem.judge.metrics import CPU, THROUGHPUT
from tandem.judge.summary import Summary, summarise
from tandem.records import journal

HISTORY = (
    "cgi-bare", "wsgi-cgi", "wsgi-fastcgi", "wsgi-scgi", "wsgi-uwsgi", "wsgi-bare", "stdlib-server", "wsgi-dev", "wsgi-sync",
    "wsgi-gthread", "wsgi-gevent", "wsgi-granian", "asgi-bare", "asgi", "asgi-granian", "asgi-hypercorn", "asgi-gunicorn",
    "asgi-threads", "asgi-bridge",
)  # fmt: skip
"""The stacks in the order in which docs/servers.md tells of them."""

TABLES = (("start",), ("add", "read", "waiting"))
"""Which scenarios stand side by side: those of one table are asked of nearly the same stacks."""


class Price(NamedTuple):
    """What one stack needed for a request of one scenario, and how many it answered a second."""

    cpu: str
    throughput: str
    ratio: str  # of the throughput to the baseline's, with its interval; 1 for the baseline itself


def read(folder: Path) -> Summary:
    """Return what is judged of a run. Raises TandemError where its records can't be read."""
    with journal.readable(folder / "records.jsonl"):
        return summarise(journal.read(folder / "records.jsonl"))


def prices(summary: Summary) -> dict[tuple[str, str], Price]:
    """Return the price of each stack under each scenario that was driven to saturation, by scenario and stack."""
    load = {each.scenario: each.clients for each in summary.run.loads if each.saturates}
    decoys = {stack.name for stack in summary.run.stacks if stack.decoy_of}
    found = [m for m in summary.measures if m.scenario in load and m.rounds and m.stack not in decoys]
    return {
        (load[m.scenario], m.stack): Price(
            CPU.show(m.cpu_ms), _least(summary, m) + THROUGHPUT.show(m.rate), _against(summary, m) or "1"
        )
        for m in found
    }


def _least(summary: Summary, m: Measures) -> str:
    """Return what is to be said of a throughput that something else than the stack bounded."""
    bounded = any((b.scenario, b.stack) == (m.scenario, m.stack) and b.at_least for b in summary.bounds)
    return "at least " if bounded else ""


def _against(summary: Summary, m: Measures) -> str:
    """Return its throughput ÷ the baseline's with the interval that decided; empty for the baseline."""
    for c in summary.comparisons:
        if (c.scenario, c.stack, c.metric) == (m.scenario, m.stack, THROUGHPUT.key):
            low, high = (c.decided_by.low, c.decided_by.high) if c.decided_by else (None, None)
            bounds = f" ({formats.bounds(low, high)})" if low is not None and high is not None else ""
            return f"{formats.times(c.estimate)}{bounds}"
    return ""


def table(found: dict[tuple[str, str], Price], scenarios: Sequence[str]) -> str:
    """Return the Markdown table of these scenarios, with the stacks that were asked any of them."""
    none = Price(*[formats.NOTHING] * 3)
    columns = [f"{name}: {what}" for name in scenarios for what in ("CPU", "per second", "÷ baseline")]
    lines = ["| stack | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for stack in HISTORY:
        prices = [found.get((scenario, stack), none) for scenario in scenarios]
        if any(each is not none for each in prices):
            lines.append(f"| `{stack}` | " + " | ".join(cell for each in prices for cell in each) + " |")
    return "\n".join(lines)


def main() -> None:
    """Read the runs, print the tables and where they come from."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    found: dict[tuple[str, str], Price] = {}
    origins = []
    try:
        for folder in parser.parse_args().runs:
            summary = read(folder)
            found = {**prices(summary), **found}
            provenance = summary.run.provenance
            rounds = f"{summary.rounds_valid} of {summary.rounds_planned} rounds valid"
            origins.append(f"`{' '.join(provenance.command)}` at {(provenance.commit or 'unknown')[:7]}: {rounds}")
    except TandemError as error:
        sys.exit(str(error))
    print(*[f"{table(found, scenarios)}\n" for scenarios in TABLES], *[f"- {origin}" for origin in origins], sep="\n")


if __name__ == "__main__":
    main()
