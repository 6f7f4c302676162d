"""Whoever makes a stack hash passwords, or would like to, keeps nobody from logging in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from tests.support.clients import HttpClient
from tests.support.people import PASSWORD, Person, authorization, fresh, join, log_in, send, token

CROWD = 24
LOGINS = 3
PACE = 0.05
"""Seconds between two attempts of one of them: what is looked at is not how much nginx can take."""


@contextmanager
def at_once(attack: Callable[[], int]) -> Iterator[Counter[int]]:
    """So many do this again and again; what they were told, by status."""
    found: Counter[int] = Counter()
    over = Event()

    def go_on() -> list[int]:
        statuses = [attack()]
        while not over.wait(PACE):
            statuses.append(attack())
        return statuses

    with ThreadPoolExecutor(CROWD) as pool:
        attackers = [pool.submit(go_on) for _ in range(CROWD)]
        try:
            yield found
        finally:
            over.set()
        for attacker in attackers:
            found.update(attacker.result())


def test_changes_on_a_condition_that_never_holds(stack_client: HttpClient) -> None:
    attacker, others = join(stack_client, PASSWORD), [join(stack_client, PASSWORD) for _ in range(LOGINS)]
    header = authorization(token(stack_client, attacker)) | {"If-Match": '"never"'}
    with at_once(lambda: send(stack_client, "PATCH", attacker.path, {"password": PASSWORD}, header).status) as told:
        statuses = [log_in(stack_client, other.username, PASSWORD).status for other in others]
    assert statuses == [200] * LOGINS
    assert set(told) == {412}


def test_those_who_register(stack_client: HttpClient) -> None:
    """Each of them is hashed: they keep out each other, not those who log in."""
    person = Person(stack_client)
    csrf = person.open("/register").form("/register").fields["csrf"]
    others = [join(stack_client, PASSWORD) for _ in range(LOGINS)]

    def register() -> int:
        one, name = Person(stack_client), fresh()
        one.cookie = person.cookie
        fields = {"csrf": csrf, "username": name, "email": f"{name}@example.org", "age": "", "password": PASSWORD}
        return one.send("/register", fields).status

    with at_once(register) as told:
        statuses = [log_in(stack_client, other.username, PASSWORD) for other in others]
    assert [answer.status for answer in statuses] == [200] * LOGINS, [a.body for a in statuses]
    assert {303} <= set(told) <= {303, 503}
