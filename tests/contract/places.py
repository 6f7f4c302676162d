"""Where an app, or both, is asked, with the database behind it: what the tests of races share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, create_engine, make_url

from tests.support.clients import Client
from tests.support.people import (
    Member,
    join,
)

ROUNDS = 4


@dataclass(frozen=True)
class Place:
    """Where an app, or both, is asked, and the database behind it."""

    clients: list[Client]
    url: str

    @property
    def client(self) -> Client:
        """The first of them."""
        return self.clients[0]

    @contextmanager
    def changed(self) -> Iterator[Connection]:
        """A transaction of somebody else, which is kept."""
        driver = "sqlite" if self.url.startswith("sqlite") else "postgresql+psycopg"
        engine = create_engine(make_url(self.url).set(drivername=driver))
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def administrator(self) -> Member:
        """A new one."""
        member = join(self.client)
        with self.changed() as connection:
            connection.exec_driver_sql(f"UPDATE users SET is_admin = true WHERE id = {member.id}")
        return member

    def is_there(self, member: Member) -> bool:
        """Whether the user is."""
        return self.client.request("GET", member.path).status == 200
