"""Budget use: what a stack uses of its budget, read from the kernel without asking the stack."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from tandem.observe import kernel
from tandem.records.block import Observed

ESTABLISHED = "01"
"""TCP_ESTABLISHED in /proc/net/tcp (include/net/tcp_states.h)."""


def observe(pids: Sequence[int], database: Path | int, news_port: int, in_flight: int) -> Observed:
    """Look at the app's processes. `in_flight` was counted by the generator and is passed on.

    An SQLite connection is an open descriptor of the database file itself: every connection has exactly one, beside
    those of the log. While others hold a lock, SQLite keeps that of a closed connection for the next one: in a process
    that always has a connection this is the most that there were at once. Connections to the news service, and to a database
    that has a server at a port, are those to 127.0.0.1 and that port, IPv4, that are established now.
    """
    opened = _opened(pids)
    return Observed(
        processes=len(pids),
        threads=_threads(pids),
        database_connections=_connections(opened, database)
        if isinstance(database, int)
        else _database_connections(opened, database),
        news_connections=_connections(opened, news_port),
        in_flight=in_flight,
    )


def _threads(pids: Iterable[int]) -> int | None:
    try:
        return sum(len(os.listdir(kernel.PROC / str(pid) / "task")) for pid in pids)
    except OSError:
        return None


def _opened(pids: Iterable[int]) -> list[os.stat_result] | None:
    """Return what the descriptors of these processes are open on; None where they can't be read."""
    found = []
    for pid in pids:
        folder = kernel.PROC / str(pid) / "fd"
        try:
            names = os.listdir(folder)
        except OSError:
            return None
        for name in names:
            try:
                found.append(os.stat(folder / name))
            except OSError:  # closed meanwhile
                continue
    return found


def _database_connections(opened: list[os.stat_result] | None, file: Path) -> int | None:
    try:
        wanted = os.stat(file)
    except OSError:
        return None
    return None if opened is None else sum(os.path.samestat(each, wanted) for each in opened)


def _connections(opened: list[os.stat_result] | None, port: int) -> int | None:
    sockets = _sockets_to(port)
    if opened is None or sockets is None:
        return None
    return sum(stat.S_ISSOCK(each.st_mode) and each.st_ino in sockets for each in opened)


def _sockets_to(port: int) -> set[int] | None:
    """Return the inodes of the sockets that are connected to this port of 127.0.0.1."""
    try:
        lines = (kernel.PROC / "net/tcp").read_text().splitlines()[1:]
    except OSError:
        return None
    there = (f"0100007F:{port:04X}", ESTABLISHED)
    # sl, local_address, rem_address, st, queues, timer, retransmits, uid, timeout, inode
    return {int(fields[9]) for line in lines if (fields := line.split()) and (fields[2], fields[3]) == there}
