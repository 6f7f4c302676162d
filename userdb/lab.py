"""The work that the routes below /lab do alike in both apps: what computes, what it makes, and how much of it at most."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from time import sleep, thread_time
from typing import Any

from sqlalchemy import Float, bindparam, func, select

from userdb import passwords

MOST_HASHES, MOST_ITEMS, MOST_OBJECTS = 100, 300_000, 2_000_000
"""Of passwords that are verified, of items in an answer, of objects that the collector looks at."""

NEVER = 60.0
"""Seconds after which the news service answers whoever asks for an answer that never comes: nobody here waits so long."""

PIECE = 250
"""Items that are serialised in a row: a millisecond."""

SLEEP = select(func.pg_sleep(bindparam("seconds", type_=Float)))
"""A query that takes so long; SQLite has it where a connection was given this function."""

_kept: list[list[object]] = []
_growing = threading.Lock()


def compute(seconds: float) -> None:
    """Keep a CPU busy for so many seconds of its time, in pure Python, with the GIL held."""
    end, number = thread_time() + seconds, 0
    while thread_time() < end:
        number += sum(range(1000))


def give_sleep(connection: Any) -> None:
    """Give a connection to SQLite the function of SLEEP, which PostgreSQL has."""
    connection.create_function("pg_sleep", 1, sleep)


def verify(times: int) -> None:
    """Verify so many passwords, one after another."""
    for _ in range(times):
        passwords.matches(None, "of nobody")


def serialised(count: int) -> bytes:
    """So many items as one JSON array, in one call, which keeps the GIL."""
    items = [_item(number) for number in range(count)]
    return json.dumps(items, separators=(",", ":")).encode()


def pieces(count: int) -> Iterator[bytes]:
    """The same bytes, some items at a time."""
    for first in range(0, count, PIECE):
        piece = serialised_items(range(first, min(first + PIECE, count)))
        yield (b"," if first else b"[") + piece
    yield b"]"


def serialised_items(numbers: range) -> bytes:
    """These items as they stand in the array."""
    return json.dumps([_item(number) for number in numbers], separators=(",", ":"))[1:-1].encode()


def collect(objects: int) -> None:
    """Collect garbage in full, with so many objects alive or more."""
    _grow(objects)
    gc.unfreeze()
    gc.collect()


def collect_frozen(objects: int) -> None:
    """The same with all that lives out of the collector's sight."""
    _grow(objects)
    gc.freeze()
    gc.collect()


def release() -> None:
    """Let go of all objects."""
    _kept.clear()
    gc.unfreeze()


def end_with_parent() -> None:
    """Have this process end when the one that started it does, however that ends. An interrupt, told to both, is the other's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _grow(objects: int) -> None:
    with _growing:
        _kept.extend([] for _ in range(objects - len(_kept)))


def _item(number: int) -> dict[str, object]:
    return {"id": number, "username": f"user{number:07}", "age": number % 100}
