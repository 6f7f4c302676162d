"""`python -m stalls.backlog PORT`: how many connections wait to be accepted, asked of the kernel from outside (Linux)."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Collection
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LISTENS = "0A"


def accept_queues(ports: Collection[int], tables: tuple[str, ...] = TABLES) -> dict[int, int]:
    """Connections that are made and not yet accepted, by port, of all sockets that listen on one of these; without those on
    which none does.

    The kernel shows them as `rx_queue` of a listening socket. Raises OSError.
    """
    found: dict[int, int] = {}
    for table in (tables[0], *filter(os.path.exists, tables[1:])):  # not everybody has IPv6
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, queues, *_ = line.split(None, 5)
            if state == LISTENS and (port := int(local.rpartition(":")[2], 16)) in ports:
                found[port] = found.get(port, 0) + int(queues.partition(":")[2], 16)
    return found


def accept_queue(port: int, tables: tuple[str, ...] = TABLES) -> int | None:
    """The same of one port; None where nobody listens. Raises OSError."""
    return accept_queues({port}, tables).get(port)


def main(arguments: list[str] | None = None) -> int:
    """Print a line of CSV per sample: seconds since the epoch, connections. Exit status 2: it can't be known, and why."""
    parser = argparse.ArgumentParser(prog="python -m stalls.backlog", description=str(__doc__).partition(": ")[2])
    parser.add_argument("port", type=int, metavar="PORT")
    parser.add_argument("--every", type=float, default=0.05, metavar="SECONDS", help="(default: %(default)s)")
    parser.add_argument("--lines", type=int, metavar="N", help="end after so many (default: go on)")
    options = parser.parse_args(arguments)
    print("at,waiting")
    for _ in itertools.count() if options.lines is None else range(options.lines):
        try:
            waiting = accept_queue(options.port)
        except OSError as error:
            print(f"stalls.backlog: {error}", file=sys.stderr)
            return 2
        if waiting is None:
            print(f"stalls.backlog: nobody listens on port {options.port}", file=sys.stderr)
            return 2
        print(f"{time.time():.3f},{waiting}", flush=True)
        time.sleep(options.every)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
