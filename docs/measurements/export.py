"""Measure the memory of both apps while they send the file of all users: `python docs/measurements/export.py`.

The reader takes only so many bytes a second, so a server that makes the file faster than it is read must keep the rest: in
itself or in nginx. Memory is the proportional set size of app and nginx together, looked at after each megabyte, and before the
file, when pages have been read, for what each process keeps from its first requests on. 2 MB more are SQLite's cache of a
connection. A million users are 70 MB: about 3 minutes for both apps.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from asking import Bench, Target

from tandem.launch import signals
from tandem.observe import usage

MB = 1_000_000
PAGES = 100
"""Pages that are read beforehand."""

PIECE = 65_536
"""Bytes that are read at a time."""

ASKED = b"GET /api/users/export.csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
END = b"\r\n0\r\n\r\n"
"""The last chunk: a file that is cut off has none."""


class Seen(NamedTuple):
    """What one file did."""

    size: int  # bytes, those between the chunks too
    seconds: float
    before: int  # bytes of memory
    after_each: list[int]  # bytes of memory after each megabyte

    @property
    def grown(self) -> int:
        """Bytes of memory, at most, beyond those before."""
        return max(self.after_each) - self.before


def memory(roots: Sequence[int]) -> int:
    """What these processes and all below them have in memory, in bytes."""
    found = usage.memory_bytes(usage.tree(roots, usage.scan()))
    if found is None:
        raise SystemExit("the memory of these processes can't be read")
    return found


def warm(target: Target) -> None:
    """Read pages, some by each process."""
    for number in range(PAGES):
        with urllib.request.urlopen(
            f"http://127.0.0.1:{target.port}/api/users?after={number}&limit=100", timeout=60
        ) as page:
            page.read()


def read(target: Target, rate: float | None = None) -> Seen:
    """Read the file to its end, so many bytes a second, or as fast as it comes."""
    size, head, tail, after_each = 0, b"", b"", list[int]()
    before, start = memory(target.roots), time.perf_counter()
    with socket.create_connection(("127.0.0.1", target.port), 60) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)  # what the kernel holds isn't the server's
        connection.sendall(ASKED)
        while data := connection.recv(PIECE):
            head, tail, size = head or data[:15], (tail + data)[-len(END) :], size + len(data)
            if size // MB > len(after_each):
                after_each.append(memory(target.roots))
            if rate:
                time.sleep(max(0.0, start + size / rate - time.perf_counter()))
    if not head.startswith(b"HTTP/1.1 200 ") or tail != END or not after_each:
        raise SystemExit(f"no whole file of a megabyte or more came, but {size} bytes: {head!r} … {tail!r}")
    return Seen(size, time.perf_counter() - start, before, after_each)


def row(name: str, seen: Seen) -> str:
    """A line of the table."""
    values = (seen.size / MB, seen.seconds, seen.before / MB, max(seen.after_each) / MB, seen.grown / MB)
    return f"| `{name}` | " + " | ".join(f"{value:.1f}" for value in values) + " |"


def main() -> None:
    """Measure stack by stack, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=2.0, help="megabytes per second that the reader takes")
    parser.add_argument("--stacks", default="wsgi-gthread,asgi", metavar="A,B")
    options = parser.parse_args()
    print(
        "| stack | file, MB | read in, s | memory before, MB | at most, MB | grown by, MB |\n|---|---|---|---|---|---|"
    )
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-export-") as made:
        bench = Bench(folder=Path(made), rounds=1, seconds=0, users=options.users)
        for name in options.stacks.split(","):
            with bench.stacks(name) as served:
                warm(served[name].front)
                print(row(name, read(served[name].front, options.rate * MB)), flush=True)


if __name__ == "__main__":
    main()
