"""Plain lines on the terminal while a run goes on."""

from __future__ import annotations

import select
import sys


def say(line: str) -> None:
    """Print one line at once. A terminal that has gone away (closed pipe) is no reason to stop measuring."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115  # stays open until the process ends


ANSWER_SECONDS = 30
"""How long a question waits for an answer."""


def stop_instead(line: str, always: bool) -> bool:
    """Say what makes going on vain, and return whether to stop: as told, or as is answered on a terminal; no answer means no."""
    say(line)
    if always or not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        say("stopping, as asked for" if always else "going on; Ctrl-C stops it and keeps what was measured")
        return always
    say(f"Stop now? What was measured is kept. [y/N, goes on in {ANSWER_SECONDS} s]")
    ready, _, _ = select.select([sys.stdin], [], [], ANSWER_SECONDS)
    return bool(ready) and sys.stdin.readline().strip().lower() in ("y", "yes")
