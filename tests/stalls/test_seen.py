"""What was seen of a stall, round by round."""

from __future__ import annotations

import pytest

from stalls import loop
from stalls.episode import Sample, Seen
from stalls.frames import Spot

APP = Spot(compile("pass", "/srv/shop.py", "exec"), 1, 0)
OURS = Spot(loop.Loop._beat.__code__, 1, 0)


def rounds(*stacks: tuple[Spot, ...]) -> list[list[Sample]]:
    return [[Sample(stack, None, None, None, 0.0, None)] for stack in stacks]


@pytest.mark.parametrize(
    ("stacks", "kept"),
    [
        (((APP,), (APP,), ()), 2),  # an idle loop that has not come to its heartbeat yet
        (((APP,), (APP,), (OURS,)), 2),  # the heartbeat itself
        (((APP,), (), (APP,)), 3),
        (((APP,), (OURS, APP)), 2),
        (((), (), ()), 3),  # nobody ran at all, which is what this stall is
        ((), 0),
    ],
)
def test_the_round_after_its_end_is_no_part_of_it(stacks: tuple[tuple[Spot, ...], ...], kept: int) -> None:
    seen = Seen(1, rounds(*stacks))
    seen.forget_what_came_after()
    assert len(seen.samples) == kept
