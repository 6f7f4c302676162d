"""Two runs are held against each other by their ratios: what was put into the later one is found, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from tandem.judge import change
from tandem.judge.summary import summarise
from tandem.report import changes
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI, DECOY, synthesise

HEADLINES = 7


def found(later: dict[tuple[str, str, str], float] | None = None, **facts: Any) -> list[change.Change]:
    """What became of a run in which asgi needs 0.8 of the CPU, in another one."""
    first = summarise(synthesise(factors={(ASGI, "read", "cpu"): 0.8}))
    return change.changes(first, summarise(synthesise(factors=later, seed=8, **facts)))


def judged(given: list[change.Change]) -> dict[tuple[str, str], str]:
    return {(each.earlier.scenario, each.earlier.metric): each.found for each in given if each.why != "exploratory"}


def test_what_changed_is_found_and_nothing_else() -> None:
    assert judged(found({(ASGI, "read", "cpu"): 1.2})) == {
        ("read", "cpu"): "changed",
        **dict.fromkeys([each for each in synthetic.HEADLINES if each != ("read", "cpu")], "no change seen"),
    }
    (read,) = [each for each in found({(ASGI, "read", "cpu"): 1.2}) if each.found == "changed"]
    assert read.interval is not None
    assert read.shift is not None
    assert read.shift == pytest.approx(1.5, rel=0.05)
    assert read.interval.low < read.shift < read.interval.high
    assert read.interval.level == pytest.approx(1 - 0.05 / HEADLINES)
    assert (read.earlier.verdict, read.later.verdict) == ("better", "worse")
    changed, verdict = changes.sentences([read], [])
    assert all(each.startswith(changes.table([read]).rows[0][0].text) for each in (changed, verdict))


def test_what_two_runs_of_the_same_code_differ_by_is_no_change() -> None:
    nearly = found({(ASGI, "read", "cpu"): 0.8 * 1.07})
    assert set(judged(nearly).values()) == {"no change seen"}
    (told,) = changes.sentences(nearly, [])
    assert re.findall(r"\d+", told) == ["7", "10"]  # headlines, and per cent between runs of the same code


def test_the_decoy_is_nobody_and_what_earns_no_verdict_is_shown_only() -> None:
    assert all(each.earlier.stack != DECOY for each in found())
    assert {each.found for each in found() if each.earlier.metric == "memory"} == {"not judged"}


def test_a_load_that_is_driven_otherwise_is_not_judged() -> None:
    loads = [synthetic.load(name, rate=200.0 if name == "read" else 300.0) for name in synthetic.SCENARIOS]
    other = found(loads=loads)
    assert {each.why for each in other if each.earlier.scenario == "read" and each.why != "exploratory"} == {
        "driven otherwise"
    }
    assert judged(other)["everyday", "cpu"] == "no change seen"


def test_a_run_without_verdicts_changes_nothing() -> None:
    short = change.changes(summarise(synthesise()), summarise(synthesise(3)))
    assert {each.found for each in short} == {"not judged"}
    (why,) = {each.why for each in short} - {"exploratory"}
    assert "later" in why
    (told,) = changes.sentences([each for each in short if each.why != "exploratory"], [])
    assert why in told
    (nothing,) = changes.sentences([], [])
    assert nothing != told


def test_differences_that_can_be_zero_are_subtracted() -> None:
    first, second = (summarise(blocking.records({ASGI: late}, decoy=True)) for late in (28, 10))
    (late,) = [each for each in change.changes(first, second) if each.earlier.metric == "late"]
    assert (late.shift, late.found) == (-18, "changed")
    assert changes.table([late]).rows[0][5].text.startswith("-18 requests, -18 to -18")


def test_what_else_differs_is_told() -> None:
    earlier = synthetic.run()
    later = synthetic.run(
        provenance=synthetic.provenance(commit="f" * 40, packages={"flask": "3.2.0"}), seeded_users=1000,
        stacks=[msgspec.structs.replace(synthetic.stack(ASGI), environment={"READ_CONNECTIONS": "8"})],
    )  # fmt: skip
    told = {each.what: (each.earlier, each.later) for each in change.others(earlier, later)}
    assert told["flask"] == ("3.1.3", "3.2.0")
    assert told["starlette"] == ("1.10.0", "none")
    assert told["seeded users"] == ("10,000", "1,000")
    assert told["asgi, READ_CONNECTIONS="] == ("none", "8")
    assert "Python" not in told
    assert change.others(earlier, earlier) == []
