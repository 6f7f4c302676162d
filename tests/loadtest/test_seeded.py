"""What the load test knows of seeded users and of their news is what the database is seeded with and the stand-in says."""

from __future__ import annotations

import json

import msgspec

from tandem.launch import newsstub
from tests.loadtest.conftest import Room
from userdb.database import seed


def test_every_field_of_every_seeded_user(room: Room) -> None:
    """Also where a day, a month or a year of seconds is over."""
    users = list(seed.users(100_000))
    for user in users[:3000] + users[86_000:87_000] + users[-1000:]:
        assert list(room.seeded.fields(user.id).items()) == list(msgspec.to_builtins(user).items())


def test_the_news_of_the_stand_in(room: Room) -> None:
    for user_id in (1, 2, 11, 100_000):
        name = room.seeded.username(user_id)
        assert json.loads(newsstub.news(name))["items"] == room.seeded.news(name)
