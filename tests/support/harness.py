"""A harness to be killed: `python -m tests.support.harness NAME FOLDER SEEDED NEWS` serves a stack and prints its port."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tandem.errors import RunFailed, TandemError
from tandem.launch import running_stack
from tandem.plan import stacks
from tests.support.stacks import environment_for


def main(name: str, folder: str, seeded: str, news_url: str) -> None:
    """Serve until killed, and say what is wrong where that can't be."""
    place = environment_for(Path(folder), Path(seeded), news_url)
    try:
        with running_stack.running(name, stacks.load()[name], place) as running:
            print(running.port, flush=True)
            signal.pause()
    except (TandemError, RunFailed) as error:
        print(error, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
