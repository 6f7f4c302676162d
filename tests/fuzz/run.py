"""The fuzzer: sequences of requests, so many or until the time is over; a failure is made as small as it gets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.strategies import SearchStrategy

from tests.fuzz import requests, stories
from tests.fuzz.pair import Pair
from tests.fuzz.step import Step, curl

BATCH = 20
"""Sequences of one batch, which has a seed of its own."""

LEAST = 2
"""Batches of each way, however slow the machine: so many come to everything that is there to be asked."""

EVERY = 5.0
"""Seconds from one word about how it goes to the next."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Variant:
    """One way to make sequences. Stories are not made smaller by Hypothesis: their requests are simple already."""

    sequences: SearchStrategy[list[Step]]
    phases: tuple[Phase, ...]


VARIANTS = {
    "requests": Variant(st.lists(requests.step(), min_size=1, max_size=12), (Phase.generate, Phase.shrink)),
    "stories": Variant(stories.story(), (Phase.generate,)),
}
"""Requests that know nothing of each other, and stories, in which one goes on where the last one ended."""


class Different(AssertionError):
    """The two answered differently, or with a fault; the message holds the requests and both answers to the last."""

    def __init__(self, told: str, sequence: Sequence[Step]) -> None:
        super().__init__(told)
        self.sequence = sequence

    def __str__(self) -> str:
        before = "".join(f"{curl(step.request)}\n" for step in self.sequence[:-1])
        return before + str(self.args[0])


def fuzz(
    pair: Pair, first_seed: int, *, seconds: float = 0, batches: int = LEAST, say: Say = lambda line: None
) -> None:
    """Ask both the same, in each way so many batches, and then more until the seconds are over, as many of them in each way.

    Without seconds, the same seed asks the same on every machine, fast or slow.

    Raises Different with the smallest sequence that shows it.
    """
    began = said = time.monotonic()
    spent: dict[str, list[float]] = {name: [] for name in VARIANTS}  # seconds of each batch
    while time.monotonic() < began + seconds or min(map(len, spent.values())) < batches:
        name = min(spent, key=lambda each: (len(spent[each]) >= batches, sum(spent[each])))
        number, now = len(spent[name]), time.monotonic()
        _batch(pair, VARIANTS[name], first_seed + number, began + seconds if number >= batches else math.inf)
        spent[name].append(time.monotonic() - now)
        if time.monotonic() > said + EVERY:
            said = time.monotonic()
            left = max(0.0, began + seconds - said)
            say(f"{pair.tally.requests:,} requests to each, no difference, {left:.0f} s left")


def _batch(pair: Pair, variant: Variant, number: int, ends: float) -> None:
    try:
        batch(pair, variant, number, ends)
    except Different as different:
        raise smallest(pair, different) from None
    except FlakyFailure as flaky:  # it did not come again, or in another way: whatever it was, it is a difference
        raise next(each for each in flaky.exceptions if isinstance(each, Different)) from None


def smallest(pair: Pair, different: Different) -> Different:
    """The same without the requests that it does not need, tried one by one from the end."""
    for number in reversed(range(len(different.sequence))):
        fewer = [*different.sequence[:number], *different.sequence[number + 1 :]]
        if 0 < len(fewer) < len(different.sequence) and (found := pair.replay(fewer)):
            different = Different(found[1], fewer[: found[0]])
    return different


def batch(pair: Pair, variant: Variant, number: int, ends: float) -> None:
    """Ask as many sequences as a batch has, then all users; what was counted must be the same, too. Raises Different."""
    before = pair.counted()
    _ask(pair, variant, number, ends)
    if told := pair.read_all():
        raise Different(told, [])
    told = pair.counted_apart(before)
    if told and not pair.counting:
        pair.counting = True  # the same once more, to find out which of the sequences it was
        _ask(pair, variant, number, math.inf)
    if told:
        raise Different(told, [])


def _ask(pair: Pair, variant: Variant, number: int, ends: float) -> None:
    failed = False

    @seed(number)
    @settings(
        max_examples=BATCH, deadline=None, database=None, phases=variant.phases, verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    @given(variant.sequences)
    def ask(sequence: list[Step]) -> None:
        nonlocal failed
        if failed or time.monotonic() < ends:
            found = pair.replay(sequence)
            if found is not None:
                failed = True
                raise Different(found[1], sequence[: found[0]])

    ask()
