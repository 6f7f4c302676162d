"""Validity: the one table, and the words that it gives to blocks and rounds."""

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


TABLE: list[tuple[validity.Limit, Callable[[float], Block], float, float]] = [
    (validity.LAG, lambda ms: block(dispatch_lag_p99_ms=ms, p99_ms=1000.0), 1, 5),
    (validity.WAITING, share("generator_waiting_share"), 2, 5),
    (validity.GENERATOR, share("generator_cpu_share"), 60, 85),
    (validity.OTHERS, share("others_cpu_share"), 3, 10),
    (validity.STEAL, share("steal_share"), 0.5, 2),
    (validity.THROTTLED, share("throttled_share"), 0.5, 2),
]


@pytest.mark.parametrize(("limit", "make", "suspect", "invalid"), TABLE, ids=lambda each: getattr(each, "title", ""))
def test_each_cause_has_the_limits_of_the_method(
    limit: validity.Limit, make: Callable[[float], Block], suspect: float, invalid: float
) -> None:
    words = [validity.judge(make(value)) for value in (0.98 * suspect, 1.02 * suspect, 0.98 * invalid, 1.02 * invalid)]
    assert [judged.word for judged in words] == ["VALID", "SUSPECT", "SUSPECT", "INVALID"]
    assert [len(judged.causes) for judged in words] == [0, 1, 1, 1]
    assert all(judged.causes[0].startswith(limit.title) for judged in words[1:])
    assert words[1].causes[0].endswith(f"limit {suspect:g} {limit.unit}")
    assert words[3].causes[0].endswith(f"limit {invalid:g} {limit.unit}")


def test_the_table_is_whole() -> None:
    assert [limit for limit, *_ in TABLE] == list(validity.LIMITS[:-1])
    assert validity.LIMITS[-1] is validity.ACCOUNTING
    rows = validity.rows()
    assert rows[0] == ("dispatch lag p99", "> 1 ms, or > 0.5 ms and > 10% of the response time's p99", "> 5 ms")
    assert rows[3] == ("CPU used by anyone else", "> 3 % of one CPU", "> 10 % of one CPU")
    assert rows[-1][1:] == ("–", "> 0 arrivals")


def test_lag_is_measured_against_the_response_time_too() -> None:
    assert validity.judge(block(dispatch_lag_p99_ms=0.8, p99_ms=7.0)) == Judged(
        word="SUSPECT", causes=["dispatch lag p99 0.8 ms, limit 0.7 ms"]
    )
    assert validity.judge(block(dispatch_lag_p99_ms=0.6, p99_ms=7.0)).word == "VALID"
    assert validity.judge(block(dispatch_lag_p99_ms=0.4, p99_ms=2.0)).word == "VALID"  # no lag to speak of
    assert validity.judge(block(dispatch_lag_p99_ms=0.6, p99_ms=2.0)).word == "SUSPECT"
    assert validity.judge(block(dispatch_lag_p99_ms=0.4, p99_ms=None)).word == "VALID"  # p99 not reached
    assert validity.judge(block(dispatch_lag_p99_ms=1.2, p99_ms=None)).word == "SUSPECT"


def test_accounts_that_do_not_add_up_are_never_only_suspect() -> None:
    assert validity.judge(block(unaccounted=1)).causes == [
        "samples missing or asked for otherwise 1 arrivals, limit 0 arrivals"
    ]
    assert validity.judge(block(unaccounted=1)).word == "INVALID"
    assert validity.judge(block(asked_otherwise=3)).word == "INVALID"


def test_what_the_stack_does_is_no_cause() -> None:
    bad = block(
        failures=900, unfinished=500, dropped=500, backlog=800, p50_ms=None, p99_ms=None, max_ms=None,
        app_cpu_seconds=12.0, rate=1.0,
    )  # fmt: skip
    assert validity.judge(bad) == Judged(word="VALID", causes=[])


def test_causes_that_invalidate_come_first() -> None:
    judged = validity.judge(block({"steal_share": 0.05, "generator_cpu_share": 0.7}, dispatch_lag_p99_ms=6.1))
    assert judged == Judged(
        word="INVALID",
        causes=[
            "dispatch lag p99 6.1 ms, limit 5 ms",
            "CPU stolen by the hypervisor 5 % of the time, limit 2 % of the time",
            "CPU used by the generator 70 % of one CPU, limit 60 % of one CPU",
        ],
    )


@pytest.mark.parametrize(("value", "shown"), [(6.0, "6"), (5.04, "5.04"), (5.0003, "5.0003"), (12.345, "12.3")])
def test_a_value_is_seen_to_be_above_its_limit(value: float, shown: str) -> None:
    assert validity.judge(block(dispatch_lag_p99_ms=value)).causes == [f"dispatch lag p99 {shown} ms, limit 5 ms"]


def test_what_cannot_be_read_is_a_matter_of_the_run_and_not_of_the_block() -> None:
    unknown = dict.fromkeys(("generator_waiting_share", "others_cpu_share", "steal_share", "throttled_share"))
    blind = block({name: None for name in unknown})
    assert validity.judge(blind) == Judged(word="VALID", causes=[])
    found = validity.unreadable(blind)
    assert len(found) == 4
    assert all(title in sentence for title, sentence in zip(
        ["generator waiting", "anyone else", "hypervisor", "quota"], found, strict=True,
    ))  # fmt: skip
    assert validity.unreadable(block({"pressure_share": None})) == []  # printed, not judged


def test_a_round_is_worth_its_worst_block() -> None:
    good, suspect = block(), block({"steal_share": 0.01}, stack="asgi", scenario="read")
    invalid = block(unaccounted=2, stack="decoy", scenario="waiting")
    assert validity.judge_round([good, good]) == Judged(word="VALID", causes=[])
    assert validity.judge_round([good, suspect]) == Judged(
        word="SUSPECT", causes=["asgi, read: CPU stolen by the hypervisor 1 % of the time, limit 0.5 % of the time"]
    )
    judged = validity.judge_round([suspect, good, invalid])
    assert judged.word == "INVALID"
    assert [cause.partition(":")[0] for cause in judged.causes] == ["decoy, waiting", "asgi, read"]
    assert validity.judge_round([]).word == "VALID"


def test_what_was_judged_can_be_written_as_json() -> None:
    judged = validity.judge(block(unaccounted=2))
    assert msgspec.json.decode(msgspec.json.encode(judged), type=Judged) == judged
