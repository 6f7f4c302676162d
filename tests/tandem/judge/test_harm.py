"""Late requests per blocker: what is counted, how it is compared, and when it is not judged."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem.judge import harm, summary, validity
from tandem.judge.harm import Harm
from tandem.judge.metrics import METRICS
from tandem.judge.verdict import Ratio
from tandem.records.block import Block
from tandem.records.blocked import Blocked
from tests.support import blocking
from tests.support.synthetic import ASGI, DECOY, WSGI


def found(*blocks: Blocked) -> Harm:
    """What these blocks come to."""
    harmed = harm.find(blocking.BLOCKING, blocking.RATE, blocks)
    assert harmed is not None
    return harmed


def compared(**given: Any) -> Ratio:
    """The one headline of a run."""
    judged = summary.summarise(blocking.records(**given))
    return next(c for c in judged.comparisons if c.metric == "late" and c.stack == ASGI)


def test_a_loop_that_stands_has_late_ones_and_a_harm_ratio() -> None:
    harmed = found(blocking.blocked(24), blocking.blocked(32))
    assert (harmed.blockers, harmed.late, harmed.predicted) == (16, 28, 28)
    assert harmed.harm_ratio == pytest.approx(28 / (240 * 0.2))
    assert [(each.route, each.late) for each in harmed.routes] == [(route, 14) for route in blocking.ROUTES]
    assert harmed.blast_radius == pytest.approx(28 * 8 / 960)


def test_what_was_late_before_anybody_blocked_is_nobody_s_fault() -> None:
    assert found(blocking.blocked(28, usual=5)).late == pytest.approx(28)
    assert found(blocking.blocked(0, usual=5)).late == pytest.approx(0)


def test_recovery_is_the_median_and_longer_than_observed_is_longer_than_all() -> None:
    never = blocking.blocked(28, recovery=None)
    assert found(blocking.blocked(28), never, blocking.blocked(28, recovery=0.4)).recovery == 0.4
    harmed = found(blocking.blocked(28), never, never)
    assert (harmed.recovery, harmed.unrecovered) == (None, 2)


def test_without_blockers_there_is_nothing_to_say() -> None:
    nothing = found(blocking.blocked(0, blockers=0, completed=0))
    assert (nothing.late, nothing.predicted, nothing.harm_ratio) == (None, None, None)
    assert harm.find(blocking.BLOCKING, blocking.RATE, []) is None


def test_it_is_compared_as_a_difference_and_judged_by_the_share_of_the_harm() -> None:
    c = compared()
    assert (c.kind, c.verdict, c.estimate) == ("headline", "worse", 28)
    assert c.delta == pytest.approx(0.05 * 240 * 0.2)
    assert compared(late={WSGI: 28}).verdict == "better"


def test_who_missed_while_others_blocked_and_recovery_are_metrics_too() -> None:
    judged = summary.summarise(blocking.records())
    found = {c.metric: c for c in judged.comparisons if c.stack == ASGI}
    assert {found[metric].kind for metric in ("missed", "recovery")} == {"exploratory"}
    assert found["missed"].estimate == pytest.approx(100 * 28 * 8 / 960)
    assert found["recovery"].estimate == 0


def test_a_difference_within_delta_is_none() -> None:
    assert compared(late={ASGI: 2}, profile="standard", decoy=True, rounds=9).verdict == "no practical difference"
    assert compared(late={ASGI: 2}).verdict == "undecided"


def test_zero_on_both_is_a_result() -> None:
    c = compared(late={}, profile="standard", decoy=True, rounds=9)
    assert (c.estimate, c.verdict) == (0, "no practical difference")


def test_to_refuse_what_blocks_is_not_judged() -> None:
    def refuse(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI:
            block["blocked"] = blocking.blocked(0, completed=7, refused=1)

    c = compared(edit=refuse)
    assert c.verdict == "not judged"
    assert c.reason is not None
    assert (c.reason.code, c.reason.stack) == ("blockers not completed", ASGI)


def test_a_round_is_whole_without_the_decoy_where_it_is_not_measured() -> None:
    judged = summary.summarise(blocking.records())
    assert judged.rounds_valid == 7
    assert {m.stack for m in judged.measures} == {WSGI, ASGI}
    assert {c.kind for c in judged.comparisons if c.metric == "late"} == {"headline"}
    assert DECOY in {m.stack for m in summary.summarise(blocking.records(decoy=True)).measures}


def test_a_generator_that_was_late_in_one_phase_spoils_the_block() -> None:
    block = next(each for each in blocking.records() if isinstance(each, Block))
    assert validity.judge(block).level == "VALID"
    assert block.blocked is not None
    block.blocked.phases[1] = msgspec.structs.replace(block.blocked.phases[1], dispatch_lag_p99_ms=9.0)
    judged = validity.judge(block)
    assert (judged.level, [cause.key for cause in judged.decisive]) == ("INVALID", ["dispatch_lag"])


def test_the_metric_is_taken_only_where_others_block() -> None:
    late = METRICS["late"]
    assert late.applies(blocking.load())
    assert not late.applies(blocking.load(blocking=None))


def test_each_route_has_all_three_phases_and_what_the_rounds_say() -> None:
    harmed = found(*(blocking.blocked(late) for late in (24, 26, 28, 28, 30, 32)))
    one = harmed.routes[0]
    assert (harmed.rounds, harmed.interval) == ([24, 26, 28, 28, 30, 32], (24, 32))
    assert (one.rounds, one.interval) == ([12, 13, 14, 14, 15, 16], (12, 16))
    assert [shares[1] for shares in (one.before, one.during, one.after)] == [0, pytest.approx(14 * 8 / 480), 0]
    assert [(each.arrivals, each.p50_ms, each.p99_ms, each.max_ms) for each in one.times] == [
        (6 * 360, 1.2, 3.0, 204.0),
        (6 * 480, 1.2, 190.0, 204.0),
        (6 * 360, 1.2, 3.0, 204.0),
    ]
    assert one.harm_ratio == pytest.approx(14 / (120 * 0.2))
    assert found(blocking.blocked(28)).interval is None


def test_a_round_that_predicts_nothing_leaves_no_prediction() -> None:
    assert found(blocking.blocked(28), blocking.blocked(28, predicted=None)).predicted is None
