"""Who gets a slot when others have theirs; no app is needed to count."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from userdb.errors import Busy
from userdb.queues import Queue

SLOTS = 16


@pytest.fixture
def queue() -> Queue:
    """One with so many slots for logins, half of them for new passwords, a quarter for known devices."""
    return Queue(SLOTS)


def taken(exits: ExitStack, queue: Queue, kind: str, names: list[str]) -> int:
    """How many of these get a slot, which they keep."""
    count = 0
    for name in names:
        slot = queue.new_password(name) if kind == "new" else queue.login(name, is_known=kind == "known")
        try:
            exits.enter_context(slot)
        except Busy:
            continue
        count += 1
    return count


def many(prefix: str) -> list[str]:
    """More different names than there are slots of any kind."""
    return [f"{prefix}{number}" for number in range(2 * SLOTS)]


def test_each_kind_has_slots_of_its_own_in_any_order(queue: Queue) -> None:
    kinds = {"login": SLOTS, "new": SLOTS // 2, "known": SLOTS // 4}
    for _ in range(2):  # all are free again
        with ExitStack() as exits:
            assert {kind: taken(exits, queue, kind, many(kind)) for kind in kinds} == kinds
    with ExitStack() as exits:  # those that are known take what strangers leave
        assert taken(exits, queue, "known", many("")) == SLOTS + SLOTS // 4
        assert taken(exits, queue, "login", many("")) == 0
        assert taken(exits, queue, "new", many("")) == SLOTS // 2


def test_one_name_or_account_leaves_the_others_their_part(queue: Queue) -> None:
    with ExitStack() as exits:
        assert taken(exits, queue, "login", ["one"] * 99) == SLOTS // 2
        assert taken(exits, queue, "known", ["one"] * 99) == SLOTS // 8  # its owner has a way in
        assert taken(exits, queue, "new", ["one"] * 99) == SLOTS // 4
        assert taken(exits, queue, "login", ["other"]) == 1
        assert taken(exits, queue, "known", ["other"]) == 1
        assert taken(exits, queue, "new", ["other"]) == 1


def test_whoever_is_known_to_himself_fills_no_queue(queue: Queue) -> None:
    with ExitStack() as exits:
        assert taken(exits, queue, "known", ["one"] * 99) == SLOTS // 2 + SLOTS // 8
        assert taken(exits, queue, "known", ["other"]) == 1


def test_the_smallest_queue_has_a_slot_of_each_kind() -> None:
    queue = Queue(1)
    with ExitStack() as exits:
        assert [taken(exits, queue, kind, many(kind)) for kind in ("login", "new", "known")] == [1, 1, 1]


def test_nothing_is_kept_of_whoever_is_gone(queue: Queue) -> None:
    for name in many(""):
        with queue.login(name, is_known=False), queue.new_password(name):
            pass
    assert not queue._taken
