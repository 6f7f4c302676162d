"""The page on the method says what the code does."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from tandem import rules, statistics
from tandem.judge import validity
from tandem.judge.metrics import METRICS
from tandem.plan import profiles, scenarios, stacks

TEXT = (Path(__file__).parents[3] / "docs" / "method.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in TEXT.partition("## Validity")[2].partition("**Only causes")[0].splitlines()
        if line.startswith("|")][2:]  # fmt: skip


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"> (\d+(?:\.\d+)?)", text)]


def test_the_limits_are_those_of_the_code() -> None:
    assert len(ROWS) == len(validity.LIMITS)
    for (_, suspect, invalid), limit in zip(ROWS, validity.LIMITS, strict=True):
        part = [] if limit.suspect_of_p99 is None else [limit.suspect_from, 100 * limit.suspect_of_p99]
        assert numbers(suspect) == ([] if limit.suspect is None else [limit.suspect, *part])
        assert numbers(invalid) == ([limit.invalid] if limit.invalid else [])


@pytest.mark.parametrize("headlines", [1, 3, 6, 12, 25])
def test_the_number_of_rounds_is_that_of_the_code(headlines: int) -> None:
    name = "one headline needs" if headlines == 1 else f"{headlines} need"
    assert f"{name} {statistics.smallest_rounds(headlines)}" in TEXT


def test_the_rules_are_those_of_the_code() -> None:
    for numbers_ in (
        f"{rules.P99_SECONDS} s and {rules.P99_BLOCK:,} arrivals",
        f"{rules.P99_STACK:,} arrivals per",
        f"at most {rules.CONDEMN_ERROR:.1%}",
        f"more than {rules.FAILED_LIMIT:.1%} of",
        f"{rules.BACKLOG_LIMIT:.0%} of",
        f"{rules.ACHIEVED_LIMIT:.0%} were",
        f"and {rules.BAD_POINTS} points",
        f"less than {rules.COMPLETED_LIMIT:.0%} of",
    ):
        assert numbers_.replace("%", " %") in TEXT
    assert rules.REPEATS == 3
    assert "Three repeats" in TEXT
    assert "T = " + ", ".join(f"{target:g}" for target in rules.TARGETS_MS[:2]) in TEXT
    assert f"misses at {rules.TARGETS_MS[rules.HEADLINE_TARGET]:g} ms" in TEXT
    assert f"| {METRICS['late'].title} |" in TEXT
    assert f"ratio of {METRICS['late'].delta:g}" in TEXT
    assert len(METRICS) == 9
    for metric in (each for each in METRICS.values() if each.key != "late"):
        delta = f"{metric.delta * 100:.0f} %" if metric.compared == "ratio" else f"{metric.delta:g} {metric.unit}"
        assert re.search(rf"\| {metric.title} \|.*\| {delta} \|", TEXT)


def row(name: str) -> list[str]:
    """What the table of profiles says in a row, one text for each profile."""
    table = TEXT.partition("### What the profiles ask")[2].partition("Headlines are chosen")[0]
    [found] = re.findall(rf"^\| {name} \| (.*) \|$", table, re.MULTILINE)
    return str(found).split(" | ")


def listed(name: str, known: Collection[str]) -> list[set[str]]:
    """Which of the known names a row of it lists for each profile; what begins with `and` has those of the one before, too."""
    found: list[set[str]] = []
    for cell in row(name):
        names = set(re.findall(r"[a-z-]+", cell)) & set(known)
        found.append(names | found[-1] if cell.startswith("and ") else names)
    return found


def test_the_table_of_profiles_is_that_of_the_code() -> None:
    shipped = list(profiles.PROFILES.values())
    assert [int(cell) for cell in row("rounds n")] == [each.rounds for each in shipped]
    assert listed("stacks", stacks.load()) == [set(each.stacks) for each in shipped]
    known = scenarios.known()
    assert listed("at saturation", known) == [set(each.saturated) for each in shipped]
    assert listed("at a rate", known) == [set(each.at_rate) for each in shipped]
    assert listed("capacity", known) == [set(each.capacity) for each in shipped]
    assert ["without the decoy" in cell for cell in row("late requests per blocker")] == [
        not each.decoy_blocked for each in shipped
    ]
    for each, *cells in zip(shipped, row("at saturation"), row("at a rate"), strict=True):
        assert f"{each.seconds} s" in " ".join(cells)
