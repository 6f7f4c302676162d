"""Whether a disturbed block is noticed: somebody else uses the generator's CPU."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tandem.judge import validity
from tandem.judge.rounds import Rounds
from tandem.judge.summary import summarise
from tandem.records.block import Block
from tandem.records.journal import Record
from tandem.report import wording
from tests.selftest.bench import ToyBench, load, ms, percent
from tests.selftest.burner import burner
from tests.selftest.story import Story
from tests.support import synthetic

SHARE, LOAD = 0.3, load(200, 2)
USED = 0.15
"""Seconds of CPU that somebody used where a block without the burner was disturbed: less than `validity` lets pass of 2 s."""

TRIES = 3
CAUSES = (validity.OTHERS_CPU, validity.GENERATOR_WAITING)


@pytest.fixture(scope="module")
def burnt(bench: ToyBench) -> Block:
    """A block beside a burner."""
    with burner(SHARE, bench.layout.generator[0]):
        return bench.block(LOAD).block


def test_burner_makes_the_block_invalid(bench: ToyBench, burnt: Block, tell: Story) -> None:
    """Somebody burns 30 % of the generator's CPU: the block is INVALID and says why; without them it is not."""
    quiet: list[tuple[Block, float]] = []
    while len(quiet) < TRIES and not (quiet and not _disturbed(quiet[-1][0])):
        before = _ticks()
        block = bench.block(LOAD).block
        quiet.append((block, _used(before, _ticks())))
    lines = [
        f"without it: {_line(block)}; by ticks others used {used:.2f} s of CPU in about 5 s" for block, used in quiet
    ]
    tell(
        did=f"Measured a block of 2 s at 200/s while a process that is not ours used {percent(SHARE, 0)} of the "
        f"generator's CPU; then the same block without it, up to {TRIES} times, because this machine may really "
        "be in use.",
        saw=[f"with the burner: {_line(burnt)}", *lines],
        wrong="a VALID block beside a burner; or a block INVALID for somebody who isn't there. (Where all of the "
        "quiet blocks were disturbed, the ticks that the kernel counts for each process, which the harness does "
        "not use, must show by whom.)",
    )
    judged = validity.judge(burnt)
    others = burnt.interference.others_cpu_share
    if others is None:  # in a container only what it does to the generator can be seen
        assert judged.level != "VALID"
    else:
        assert judged.level == "INVALID"
        assert _disturbed(burnt)
        assert others > 0.2
    assert not _disturbed(quiet[-1][0]) or quiet[-1][1] > USED


def _disturbed(block: Block) -> list[str]:
    """Return what invalidates a block among the causes that a burner has."""
    return [limit.title for limit in CAUSES if limit.exceeded(block)[0] == "INVALID"]


def _first_cause(broken: list[Block]) -> str:
    """Return a cause that made a block of this round INVALID."""
    found = [cause for block in broken for cause in validity.judge(block).causes if cause.level == "INVALID"]
    return wording.causes(found)[0]


def _line(block: Block) -> str:
    judged, around = validity.judge(block), block.interference
    return (
        f"{judged.level}{''.join(f'; {cause}' for cause in wording.causes(judged.causes))} (others "
        f"{percent(around.others_cpu_share)} of a CPU, generator waiting "
        f"{percent(around.generator_waiting_share)}, generator {percent(around.generator_cpu_share)}, steal "
        f"{percent(around.steal_share)}, dispatch lag p50 {ms(block.dispatch_lag_p50_ms)}, p99 "
        f"{ms(block.dispatch_lag_p99_ms)})"
    )


class Ticks(NamedTuple):
    """CPU time of a process as /proc/PID/stat counts it."""

    parent: int
    own: int
    reaped: int  # of children that ended


def _ticks() -> dict[int, Ticks]:
    """Return the ticks of every process."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            fields = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()
            user, system, *reaped = map(int, fields[11:15])
            found[int(name)] = Ticks(int(fields[1]), user + system, sum(reaped))
    return found


def _used(before: dict[int, Ticks], after: dict[int, Ticks]) -> float:
    """Return the CPU seconds in between of all processes that do not descend from this one."""
    nobody = Ticks(0, 0, 0)
    others = {pid: ticks for pid, ticks in after.items() if not _descends(pid, after)}
    own = sum(ticks.own - before.get(pid, nobody).own for pid, ticks in others.items())
    reaped = sum(ticks.reaped - before.get(pid, nobody).reaped for pid, ticks in others.items())
    ended = sum(ticks.own for pid, ticks in before.items() if pid not in after and not _descends(pid, before))
    return (own + max(0, reaped - ended)) / os.sysconf("SC_CLK_TCK")


def _descends(pid: int, known: dict[int, Ticks]) -> bool:
    while pid in known and pid != os.getpid():
        pid = known[pid].parent
    return pid == os.getpid()


def test_a_spoiled_round_is_repeated(burnt: Block, tell: Story) -> None:
    """A burner that comes half way: that round is measured again, and shown with and without it."""
    # In a container nobody can tell what others use; what is proved here is what follows from it.
    share = SHARE if burnt.interference.others_cpu_share is None else burnt.interference.others_cpu_share
    around = msgspec.structs.replace(burnt.interference, others_cpu_share=share)
    rounds, spoiled = 9, 5
    head = synthetic.run(rounds)
    random_ = random.Random(9)

    def beside_burner(block: dict[str, Any]) -> None:
        block.update(interference=around, dispatch_lag_p99_ms=burnt.dispatch_lag_p99_ms)
        block["p50_ms"] *= 1.5 if block["stack"] == synthetic.ASGI else 1.0

    first = [block for number in range(1, spoiled) for block in synthetic.round_of(head, random_, number)]
    broken = synthetic.round_of(head, random_, spoiled, change=beside_burner)
    again = synthetic.round_of(head, random_, spoiled, attempt=2)
    rest = [block for number in range(spoiled + 1, rounds + 1) for block in synthetic.round_of(head, random_, number)]
    then, repeated = Rounds([head, *first, *broken]), Rounds([head, *first, *broken, *again])
    records: list[Record] = [head, *first, *broken, *again, *rest]
    comparison = _p50(records)
    spoilt = _p50([head, *first, *broken, *rest])
    tell(
        did=f"Took what the harness read beside a real burner, put it into round {spoiled} of a made-up run of "
        f"{rounds} rounds – where it also slowed one stack by half – and asked whether that round is to be "
        "measured again, before and after a second attempt.",
        saw=[
            f"after the burner: round {spoiled - 1} settled {_yes(then.settled(spoiled - 1))}, round "
            f"{spoiled} settled {_yes(then.settled(spoiled))}; {_first_cause(broken)}",
            f"after the second attempt: round {spoiled} settled {_yes(repeated.settled(spoiled))}",
            f"p50 ratio from the {len(comparison.ratios)} valid rounds {comparison.estimate:.4f}; from all "
            f"{comparison.attempts_all} attempts {comparison.estimate_all:.4f}; without a repeat "
            f"{len(spoilt.ratios)} rounds count",
        ],
        wrong="a round that stays although it was disturbed, one that is repeated although it was not, or a "
        "repeat that nobody gets to see.",
    )
    assert then.settled(spoiled - 1)
    assert not then.settled(spoiled)
    assert repeated.settled(spoiled)
    assert len(Rounds(records).rejected) == 1
    assert (len(comparison.ratios), comparison.attempts_all, len(spoilt.ratios)) == (rounds, rounds + 1, rounds - 1)
    assert comparison.estimate != comparison.estimate_all


def _p50(records: Iterable[Record]) -> Any:
    """Return the comparison of the challenger's p50 under `read`."""
    found = summarise(records).comparisons
    return next(c for c in found if (c.stack, c.scenario, c.metric) == (synthetic.ASGI, "read", "p50"))


def _yes(value: bool) -> str:
    return "yes" if value else "no"
