"""Plain lines on the terminal while a run goes on."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Print one line at once. A terminal that has gone away (closed pipe) is no reason to stop measuring."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115  # stays open until the process ends
