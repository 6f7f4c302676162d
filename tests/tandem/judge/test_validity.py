"""Validity: the one table, and what it makes of blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tandem.judge import validity
from tandem.judge.validity import Judged
from tandem.records.block import Block
from tests.support import synthetic


def block(around: dict[str, float | None] | None = None, **changes: Any) -> Block:
    """Return a block of a quiet machine with these changes, `around` of its interference."""
    found = next(record for record in synthetic.synthesise() if isinstance(record, Block))
    return msgspec.structs.replace(found, interference=synthetic.interference(**(around or {})), **changes)


def share(name: str) -> Callable[[float], Block]:
    return lambda percent: block({name: percent / 100})


def test_what_a_stack_did_itself_is_told_before_what_is_around_it() -> None:
    """A stack that takes the CPU of the generator makes it late: that is no chance, and not the first thing to be said."""
    for own in ({"strays": 3}, {"probes_different": 1}, {"sleepers_cpu_share": 0.9}):
        judged = validity.judge(block({"others_cpu_share": 0.9}, dispatch_lag_p99_ms=40.0, p99_ms=1000.0, **own))
        assert [cause.key in validity.OWN for cause in judged.decisive] == [True, False, False]


TABLE: list[tuple[validity.Limit, Callable[[float], Block], float, float]] = [
    (validity.DISPATCH_LAG, lambda ms: block(dispatch_lag_p99_ms=ms, p99_ms=1000.0), 1, 5),
    (validity.GENERATOR_WAITING, share("generator_waiting_share"), 2, 5),
    (validity.GENERATOR_CPU, share("generator_cpu_share"), 60, 85),
    (validity.OTHERS_CPU, share("others_cpu_share"), 3, 10),
    (validity.STEAL, share("steal_share"), 2, 5),
    (validity.THROTTLED, share("throttled_share"), 0.5, 2),
]


@pytest.mark.parametrize(("limit", "make", "suspect", "invalid"), TABLE, ids=lambda each: getattr(each, "title", ""))
def test_each_cause_has_the_limits_of_the_method(
    limit: validity.Limit, make: Callable[[float], Block], suspect: float, invalid: float
) -> None:
    found = [validity.judge(make(value)) for value in (0.98 * suspect, 1.02 * suspect, 0.98 * invalid, 1.02 * invalid)]
    assert [judged.level for judged in found] == ["VALID", "SUSPECT", "SUSPECT", "INVALID"]
    assert [len(judged.causes) for judged in found] == [0, 1, 1, 1]
    causes = [judged.causes[0] for judged in found[1:]]
    assert {(cause.key, cause.title, cause.unit) for cause in causes} == {(limit.key, limit.title, limit.unit)}
    assert [cause.limit for cause in causes] == [suspect, suspect, invalid]
    assert [cause.value for cause in causes] == pytest.approx([1.02 * suspect, 0.98 * invalid, 1.02 * invalid])


@pytest.mark.parametrize(("percent", "level"), [(None, "VALID"), (0.4, "VALID"), (0.6, "INVALID")])
def test_a_stack_that_does_not_sleep_invalidates_and_is_named(percent: float | None, level: str) -> None:
    share = None if percent is None else percent / 100
    found = validity.judge(block(sleepers_cpu_share=share, sleeper="asgi"))
    assert found.level == level
    expected = [(validity.SLEEPERS.key, f"{validity.SLEEPERS.title}, asgi")] * (level == "INVALID")
    assert [(cause.key, cause.title) for cause in found.causes] == expected
    assert not validity.unreadable(block(sleepers_cpu_share=None))


def test_the_table_is_whole() -> None:
    alone = (validity.GAP, validity.SLEEPERS, validity.STRAYS, validity.PROBES, validity.ACCOUNTING)
    assert [limit for limit, *_ in TABLE] == [limit for limit in validity.LIMITS if limit not in alone]
    assert validity.LIMITS[-1] is validity.ACCOUNTING


def test_lag_is_measured_against_the_response_time_too() -> None:
    (cause,) = validity.judge(block(dispatch_lag_p99_ms=0.8, p99_ms=7.0)).causes
    assert (cause.key, cause.value) == ("dispatch_lag", 0.8)
    assert cause.limit == pytest.approx(0.7)
    assert validity.judge(block(dispatch_lag_p99_ms=0.6, p99_ms=7.0)).level == "VALID"
    assert validity.judge(block(dispatch_lag_p99_ms=0.4, p99_ms=2.0)).level == "VALID"  # no lag to speak of
    assert validity.judge(block(dispatch_lag_p99_ms=0.6, p99_ms=2.0)).level == "SUSPECT"
    assert validity.judge(block(dispatch_lag_p99_ms=0.4, p99_ms=None)).level == "VALID"  # p99 not reached
    assert validity.judge(block(dispatch_lag_p99_ms=1.2, p99_ms=None)).level == "SUSPECT"


def test_accounts_that_do_not_add_up_are_never_only_suspect() -> None:
    (cause,) = validity.judge(block(lost_or_duplicated=1)).causes
    assert (cause.key, cause.value, cause.limit, cause.unit) == ("accounting", 1, 0, "arrivals")
    assert validity.judge(block(lost_or_duplicated=1)).level == "INVALID"
    assert validity.judge(block(mismatched_requests=3)).level == "INVALID"


def test_cpu_that_nobody_counted_and_threads_on_other_cpus_are_causes() -> None:
    assert validity.judge(block(cpu_gap_share=0.04, strays=0)).level == "VALID"
    assert validity.judge(block(cpu_gap_share=0.1)).level == "SUSPECT"
    assert validity.judge(block(cpu_gap_share=0.2)).level == "INVALID"
    assert validity.judge(block(strays=1)).level == "INVALID"


def test_one_probe_that_is_answered_otherwise_makes_a_block_invalid() -> None:
    assert validity.judge(block(probes_answered=9, probes_different=0)).level == "VALID"
    assert validity.judge(block(probes_answered=9, probes_different=1)).level == "INVALID"
    unanswered = block(probes_answered=0, probes_different=None)
    assert validity.judge(unanswered).level == "VALID"
    assert validity.PROBES.title in validity.unreadable(unanswered)
    assert validity.unreadable(block(cpu_gap_share=None)) == [validity.GAP.title]


def test_what_the_stack_does_is_no_cause() -> None:
    bad = block(
        failures=900, unfinished=500, dropped=500, backlog=800, p50_ms=None, p99_ms=None,
        app_cpu_seconds=12.0, rate=1.0,
    )  # fmt: skip
    assert validity.judge(bad) == Judged(level="VALID", causes=[])


def test_causes_that_invalidate_come_first() -> None:
    judged = validity.judge(block({"steal_share": 0.06, "generator_cpu_share": 0.7}, dispatch_lag_p99_ms=6.1))
    assert judged.level == "INVALID"
    assert [(cause.key, cause.value, cause.limit, cause.level) for cause in judged.causes] == [
        ("dispatch_lag", 6.1, 5, "INVALID"), ("steal", 6, 5, "INVALID"), ("generator_cpu", 70, 60, "SUSPECT"),
    ]  # fmt: skip


def test_what_was_only_suspect_did_not_make_a_block_invalid() -> None:
    both = validity.judge(block({"steal_share": 0.06, "generator_cpu_share": 0.7}))
    assert [cause.key for cause in both.decisive] == ["steal"]
    suspect = validity.judge(block({"generator_cpu_share": 0.7}))
    assert suspect.decisive == suspect.causes


def test_what_cannot_be_read_is_a_matter_of_the_run_and_not_of_the_block() -> None:
    unknown = dict.fromkeys(("generator_waiting_share", "others_cpu_share", "steal_share", "throttled_share"))
    blind = block({name: None for name in unknown})
    assert validity.judge(blind) == Judged(level="VALID", causes=[])
    assert validity.unreadable(blind) == [
        limit.title for limit in (validity.GENERATOR_WAITING, validity.OTHERS_CPU, validity.STEAL, validity.THROTTLED)
    ]
    assert validity.unreadable(block({"pressure_share": None})) == []  # printed, not judged


def test_what_was_judged_can_be_written_as_json() -> None:
    judged = validity.judge(block(lost_or_duplicated=2))
    assert msgspec.json.decode(msgspec.json.encode(judged), type=Judged) == judged
