"""Turns the number of an arrival into its request: the same one in every run with this key and scenario."""

from __future__ import annotations

from openloop.draws import Draws
from openloop.request import Request
from openloop.scenario import MakeRequest


class RequestFactory:
    """The requests of one process in one run.

    Each arrival has random numbers of its own, so that what it asks for depends on nothing that happened before. Numbers are
    asked for once each and in order, also those of arrivals that are not sent: a scenario may count its writes.
    """

    def __init__(self, scenario: str, seed_key: str, make: MakeRequest) -> None:
        self._make = make
        self._draws = Draws(f"{seed_key}/{scenario}")

    def request(self, number: int) -> Request:
        """What arrival `number` asks for."""
        self._draws.begin(number)
        return self._make(self._draws)
