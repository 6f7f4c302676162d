"""The parts of the laboratory: what each measures unless told otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from tandem.plan.blockers import Spread
from tandem.plan.loads import Phases

LADDER = "ladder"
"""The part whose blockers each of its stacks serves in its own way, so that a reader sees what a repair buys."""

USUAL_STACKS = ("wsgi-gthread", "asgi", "wsgi-sync")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the laboratory: what it measures unless told otherwise. Times in seconds."""

    name: str
    about: str
    kinds: tuple[str, ...] = ()  # none: all rows of this part that the headline leaves
    stacks: tuple[str, ...] = USUAL_STACKS
    group: str = ""  # of stacks, instead
    baseline: str = "wsgi-gthread"
    rounds: int = 2
    phases: Phases = (3, 5, 4)
    warmup: int = 2
    users: int = 10_000
    rate: float = 0.0  # of bystanders, per second, instead of what the scenario says
    right: bool = False  # whether each kind is measured done right, too: then all that can be
    judged: bool = False
    doses: tuple[tuple[float, int], ...] = ()  # per second and ms, instead of one dose: a sweep
    arrivals: Spread = "uniform"  # of blockers
    to_the_end: bool = True  # whether the last phase lasts until the slowest stack should be through


HEADLINE = Part(
    name="headline", about="sleep, wait and computing with its control, judged", rounds=8, phases=(5, 8, 8),
    kinds=("sleep-in-handler", "wait", "compute"), judged=True,
)  # fmt: skip
PARTS = {
    part.name: part
    for part in (
        HEADLINE,
        Part(name="kinds", about="all other kinds, for looking at"),
        Part(name="repairs", about="each kind done wrong and done right in the code", right=True),
        Part(name=LADDER, about="what each repair buys and costs", group=LADDER, baseline=""),
        Part(
            name="dose", about="how harm grows with rate and duration", kinds=("sleep-in-handler",), phases=(2, 10, 4),
            to_the_end=False, arrivals="poisson", doses=(*((rate, 200) for rate in (1, 2, 4, 8)),
                                       *((rate, 400) for rate in (1, 2, 4, 8, 20, 30, 40, 60))),
        ),
        Part(
            name="smoke", about="whether it all works, in a minute", kinds=("sleep-in-handler",), rounds=1,
            phases=(1, 2, 1), to_the_end=False, warmup=1, stacks=("wsgi-gthread", "asgi"), users=100, rate=40,
        ),
    )
}  # fmt: skip
"""By name; only the first earns verdicts."""
