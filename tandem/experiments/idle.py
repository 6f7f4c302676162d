"""Idle: waits until nobody else uses the CPUs of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from tandem import formats
from tandem.judge import validity
from tandem.judge.validity import Limit
from tandem.observe.interference import Activity, watch_host

STEADY = 3
"""Consecutive idle looks that are needed."""

SECONDS = 1.0
"""Length of a look."""

SAY_EVERY = 5.0


def wait_until_idle(
    seconds: float,
    cpus: Sequence[int],
    say: Callable[[str], None],
    *,
    take: Callable[[], Activity] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[str]:
    """Return [] as soon as these CPUs have been idle for three seconds, or after `seconds` the reasons why not.

    It looks three times in any case. What is not available on this host counts as idle: `validity.unreadable` names it.
    """
    look = take or (lambda: watch_host(cpus, SECONDS))
    began = said = clock()
    looks: list[Activity] = []
    while len(looks) < STEADY or clock() - began < seconds:
        looks = [*looks[1 - STEADY :], look()]
        if is_idle(looks):
            return []
        if len(looks) == STEADY and clock() - said >= SAY_EVERY:
            said = clock()
            left = max(0.0, seconds - (said - began))
            say(
                f"waiting for an idle machine, {left:.0f} s at most: {'; '.join(disturbances(looks[-1:]) or ['nearly'])}"
            )
    return disturbances(looks)


def is_idle(looks: Sequence[Activity]) -> bool:
    """Tell whether there were enough looks, and nothing disturbed any of them."""
    return len(looks) >= STEADY and not any(disturbances([look]) for look in looks[-STEADY:])


def disturbances(looks: Iterable[Activity]) -> list[str]:
    """Return what disturbed the worst of these looks: others' CPU and stolen CPU above the limits of a suspect block."""
    looks = list(looks)
    others = [(look.interference.others_cpu_share or 0.0, ", ".join(look.busiest)) for look in looks]
    steal = [(look.interference.steal_share or 0.0, "") for look in looks]
    return [
        *_beyond(validity.OTHERS_CPU, *max(others, default=(0.0, ""))),
        *_beyond(validity.STEAL, *max(steal, default=(0.0, ""))),
    ]


def _beyond(limit: Limit, share: float, names: str) -> list[str]:
    assert limit.suspect is not None
    if 100 * share <= limit.suspect:
        return []
    return [formats.beyond(limit.title, 100 * share, limit.suspect, limit.unit) + (f": {names}" if names else "")]
