"""What a stall is taken for where that can't be made on purpose: samples as the watchdog would have them."""

from __future__ import annotations

import dis

import pytest

from stalls import diagnosis
from stalls.episode import Measured, Sample, Seen
from stalls.frames import Spot

CODE = compile("for line in lines:\n    n = n + 1\n    f()\n", "/srv/shop.py", "exec")


def at(opname: str) -> Spot:
    """The first place in the code with such an instruction."""
    step = next(each for each in dis.get_instructions(CODE) if each.opname.startswith(opname))
    return Spot(CODE, step.positions.lineno if step.positions and step.positions.lineno else 1, step.offset)


def seen(spot: Spot, used: float) -> Seen:
    """Ten samples in one place, in half a second, in which the thread used so much CPU."""
    rounds = [[Sample((spot,), None, None, None, n / 20, used * n / 9)] for n in range(10)]
    return Seen(1, rounds)


@pytest.mark.parametrize(
    ("opname", "used", "kind"),
    [
        ("CALL", 0.0, "wait"),
        ("FOR_ITER", 0.0, "wait"),  # a file gives its next line when there is one
        ("BINARY_OP", 0.0, "descheduled"),  # an addition waits for nothing but a CPU
        ("BINARY_OP", 0.4, "compute"),
    ],
)
def test_who_stands_still_waits_only_where_something_can_be_waited_for(opname: str, used: float, kind: str) -> None:
    measured = Measured(1, "loop", 0.0, 0.5, True, used, used, 0.0, 0, ())
    assert diagnosis.kind(measured, seen(at(opname), used)) == kind
