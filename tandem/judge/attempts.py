"""Attempts: whether a round must be measured, or measured again.

A round whose blocks something outside the stacks spoiled is repeated as a whole: repeating single blocks would break the
pairing, and only causes outside the stacks count, or repeating would remove the very stalls that one looks for.
"""

from __future__ import annotations

from tandem.judge.rounds import Attempt, Rounds
from tandem.rules import REPEATS


def of_round(rounds: Rounds, number: int) -> list[Attempt]:
    """Return the attempts of a round in their order."""
    return [attempt for attempt in rounds.attempts if attempt.round == number]


def repeats(rounds: Rounds) -> int:
    """Return how many repeats the run has used up: invalid attempts that another one followed."""
    last = {attempt.round: attempt.number for attempt in rounds.attempts}
    return sum(attempt.number < last[attempt.round] for attempt in rounds.rejected)


def settled(rounds: Rounds, number: int) -> bool:
    """Tell whether a round needs no further attempt: its last one is whole, and not INVALID or no repeat is left."""
    last = of_round(rounds, number)[-1:]
    return bool(last) and last[0].complete and (not last[0].invalid or repeats(rounds) >= REPEATS)
