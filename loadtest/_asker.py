"""Turns the number of an arrival into its request: the same one in every run with this key and scenario."""

from __future__ import annotations

from random import Random

from _request import Request
from _scenarios import SCENARIOS
from _write import Lives


class Asker:
    """What a scenario works with.

    `random` belongs to one arrival alone, so that what it asks for depends on nothing that happened before; `users` is
    how many seeded users there are; `lives` knows the users that this process created. Numbers are asked for once each
    and in order, also those of arrivals that are not sent: writes are counted.
    """

    def __init__(self, scenario: str, seed_key: str, users: int, names: str) -> None:
        self.users = users
        self.random = Random()
        self.lives = Lives(names)
        self._scenario = SCENARIOS[scenario]
        self._seed = f"{seed_key}/{scenario}/"

    def request(self, number: int) -> Request:
        """What arrival `number` asks for."""
        self.random = Random(f"{self._seed}{number}")
        return self._scenario(self)

    def any_id(self) -> int:
        """The id of any seeded user, all alike."""
        return self.random.randrange(1, self.users + 1)
