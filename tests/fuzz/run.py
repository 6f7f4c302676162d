"""The fuzzer: sequences of requests, made anew until the time is over; a failure is made as small as it gets."""

from __future__ import annotations

import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure

from tests.fuzz.pair import Pair
from tests.fuzz.requests import request

LONGEST = 12
"""Requests of a sequence; what one of them changes the next ones find."""

BATCH = 100
"""Sequences of one batch, which has a seed of its own."""

Say = Callable[[str], None]


class Different(AssertionError):
    """The two answered differently, or with a fault; the message holds the request and both answers."""

    def __init__(self, told: str, sequence: list[bytes]) -> None:
        super().__init__(told)
        self.sequence = sequence


def fuzz(pair: Pair, seconds: float, first_seed: int, say: Say = lambda line: None) -> None:
    """Ask both the same for so many seconds. Raises Different with the smallest sequence that shows it."""
    began, batch = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        try:
            _batch(pair, first_seed + batch)
        except Different as different:
            raise _alone(pair, different) from None
        except (
            FlakyFailure
        ) as flaky:  # what was asked has changed the databases: the same no longer fails in the same way
            raise _alone(pair, next(each for each in flaky.exceptions if isinstance(each, Different))) from None
        batch += 1
        left = max(0.0, seconds - (time.monotonic() - began))
        say(f"{pair.requests:,} requests to each, no difference, {left:.0f} s left")


def _alone(pair: Pair, different: Different) -> Different:
    """Return the same with the last request alone where that is enough: what came before is seldom to blame."""
    last = different.sequence[-1]
    told = pair.difference(last)
    return different if told is None else Different(told, [last])


def _batch(pair: Pair, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=BATCH, deadline=None, database=None, phases=(Phase.generate, Phase.shrink), verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    @given(st.lists(request(), min_size=1, max_size=LONGEST))
    def ask(sequence: list[bytes]) -> None:
        for each in sequence:
            told = pair.difference(each)
            if told is not None:
                raise Different(told, sequence)

    ask()
