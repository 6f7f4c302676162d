"""What is told of changes to users: events in the order in which they were committed, as Server-Sent Events or as JSON.

The database notes each in the transaction of the change (userdb/database/migrations, 0005) and keeps at least the last KEPT.
An event names the user and its version and holds nothing else of it: what was removed is not kept here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from userdb.errors import Invalid
from userdb.urls import LARGEST_ID

KEPT = 10_000
"""Events that can be asked for again; those before them are forgotten."""

INTERVAL = 0.5
"""Seconds between two looks at the database, which all who listen in a process share."""

SILENCE = 5.0
"""Seconds after which one who listens is sent a comment: so that both sides know that the other is there."""

PIECE = 100
"""Events that are read, and sent, at a time."""

RETRY = 1000
"""Milliseconds after which a client connects again."""

_DIGITS = re.compile(r"[0-9]{1,19}\Z")


class Format(NamedTuple):
    """How those who listen are told: what holds for all, and the forms of each thing that they are told."""

    head: bytes  # how to come again
    here: bytes  # where one begins to listen: the event from which on one is told
    event: bytes
    missed: bytes  # that events are lost to this client: it has to read what it wants to know anew
    heartbeat: bytes  # what is said in silence, where nothing else tells both sides that the other is there


STREAM = Format(
    head=b"retry: %d\n" % RETRY,
    here=b"id: %d\n\n",
    event=b'id: %d\nevent: %s\ndata: {"user_id":%d,"version":%d}\n\n',
    missed=b"id: %d\nevent: missed\ndata: {}\n\n",
    heartbeat=b":\n\n",
)
"""Server-Sent Events."""

MESSAGES = Format(
    head=b"",
    here=b'{"id":%d,"type":"began","data":{}}\n',
    event=b'{"id":%d,"type":"%s","data":{"user_id":%d,"version":%d}}\n',
    missed=b'{"id":%d,"type":"missed","data":{}}\n',
    heartbeat=b"",  # a WebSocket has pings
)
"""One JSON text for each message of a WebSocket, each in a line."""


class Event(msgspec.Struct, frozen=True):
    """One change: `kind` is created, changed or removed, `version` that of the user by then."""

    id: int
    kind: str
    user_id: int
    version: int


class Kept(msgspec.Struct, frozen=True):
    """Which events there are still, by their ids; where there are none, the newest is the one before the oldest."""

    oldest: int
    newest: int

    def go_on_after(self, last: int) -> bool:
        """Whether all that came after an event is here."""
        return self.oldest - 1 <= last <= self.newest


def kept(oldest: int | None, newest: int | None) -> Kept:
    """What the database says of it, which is nothing where there are none."""
    return Kept(oldest or 1, newest or 0)


def last_id(given: str | None, name: str = "Last-Event-ID") -> int | None:
    """The id of the event that a client had last, as its header or parameter of this name says. Raises Invalid."""
    if not given:
        return None
    if not (_DIGITS.match(given) and int(given) <= LARGEST_ID):
        raise Invalid(errors=[(name, f"must be a whole number from 0 to {LARGEST_ID}")])
    return int(given)


def beginning(last: int | None, there: Kept, form: Format) -> tuple[int, bytes]:
    """After which event one begins to listen, and the first that is sent: how to come again, and from where on."""
    if last is None:
        return there.newest, form.head + form.here % there.newest
    if there.go_on_after(last):
        return last, form.head + form.here % last
    return there.newest, form.head + form.missed % there.newest


def following(last: int, found: Sequence[Event], there: Kept | None, form: Format) -> tuple[int, bytes]:
    """The last of the events that follow one, and all of them as they are sent; what is there is asked where ids are left out."""
    if there is not None and not there.go_on_after(last):
        return there.newest, form.missed % there.newest
    told = [form.event % (each.id, each.kind.encode(), each.user_id, each.version) for each in found]
    return (found[-1].id, b"".join(told)) if found else (last, b"")
