"""What a load test hands over for each of its scenarios: everything that the engine does not know of the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from openloop.request import Request
from openloop.second import Second
from openloop.target import Target

Facts = dict[str, Any]
"""What is settled once per run and told to every process of it; can be sent as JSON."""

MakeRequest = Callable[[Random], Request]
"""Makes the request of one arrival, from random numbers that are its own."""


@dataclass(frozen=True)
class Process:
    """One process of one run, before it sends anything."""

    target: Target
    name: str
    """Different in every run and process: what this process creates can be named after it."""

    facts: Mapping[str, Any]


def _nothing(target: Target, options: Any) -> Facts:
    return {}


def _alone(facts: Mapping[str, Any]) -> Second | None:
    return None


@dataclass(frozen=True)
class Scenario:
    """What clients do. `start` and `prepare` may ask the target a few things, and raise RefusedError where there can be no run.

    `start` is called once in each process that sends. `prepare` is called once per run, before, in the process that the
    user talks to; it is given the options of the command line or the web page. `second` makes a second population of the
    facts, which asks beside the arrivals; it is sent in an open loop.
    """

    start: Callable[[Process], MakeRequest]
    title: str = ""
    prepare: Callable[[Target, Any], Facts] = _nothing
    second: Callable[[Mapping[str, Any]], Second | None] = _alone
