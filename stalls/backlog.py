"""`python -m stalls.backlog PORT`: how many connections wait to be accepted, asked of the kernel from outside (Linux)."""

from __future__ import annotations

import argparse
import itertools
import os
import socket
import struct
import sys
import time
from collections.abc import Collection, Iterator

SOCK_DIAG = 4
"""NETLINK_SOCK_DIAG, by which `ss` asks, too (man 7 sock_diag); socket has no name for it."""

BY_FAMILY, DUMP, DONE, FAILED = 20, 0x301, 3, 2
"""SOCK_DIAG_BY_FAMILY; NLM_F_REQUEST and NLM_F_DUMP; NLMSG_DONE; NLMSG_ERROR."""

LISTENS = 10
"""TCP_LISTEN."""

HEADER, REQUEST = struct.Struct("=IHHII"), struct.Struct("=BBBxI48x")
"""struct nlmsghdr, and inet_diag_req_v2 without an address: all sockets of some states."""

PORT, WAITING = struct.Struct("!4xH"), struct.Struct("=56xI")
"""Where struct inet_diag_msg has a socket's own port, and `idiag_rqueue`: of one that listens, connections not yet accepted."""


def accept_queues(ports: Collection[int]) -> dict[int, int]:
    """Connections that are made and not yet accepted, by port, of all sockets that listen on one of these; without those on
    which none does.

    Only sockets that listen are asked for: the table in /proc takes milliseconds, as it goes through all connections.
    Raises OSError.
    """
    found: dict[int, int] = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        for port, waiting in _listening(family):
            if port in ports:
                found[port] = found.get(port, 0) + waiting
    return found


def _listening(family: int) -> Iterator[tuple[int, int]]:
    """Port and queue of each socket of a family that listens."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
        asked = REQUEST.pack(family, socket.IPPROTO_TCP, 0, 1 << LISTENS)
        kernel.send(HEADER.pack(HEADER.size + len(asked), BY_FAMILY, DUMP, 1, 0) + asked)
        while True:
            told, at = kernel.recv(1 << 16), 0
            while at < len(told):
                length, kind, *_ = HEADER.unpack_from(told, at)
                if kind == DONE:
                    return
                if kind == FAILED:
                    error = -int.from_bytes(told[at + HEADER.size :][:4], sys.byteorder, signed=True)
                    raise OSError(error, os.strerror(error))
                body = at + HEADER.size
                yield PORT.unpack_from(told, body)[0], WAITING.unpack_from(told, body)[0]
                at += length + -length % 4


def accept_queue(port: int) -> int | None:
    """The same of one port; None where nobody listens. Raises OSError."""
    return accept_queues({port}).get(port)


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
