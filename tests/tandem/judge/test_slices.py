"""Slices, simulated: a machine that drifts, and processes that each have luck of their own; and the measurement of both ways."""

from __future__ import annotations

import importlib.util
import math
import random
import statistics
import sys
from types import ModuleType

import msgspec

from tandem.judge.metrics import CPU
from tandem.judge.rounds import Rounds
from tandem.paths import PROJECT
from tandem.plan.loads import WHOLE
from tandem.plan.order import orders
from tests.support import synthetic, verdicts

RUNS, ROUNDS, SLICES = 400, 9, 8
NAMES = ("wsgi-gthread", "asgi", "decoy")
DRIFT, LUCK = 0.04, 0.03
"""Standard deviations of logarithms: what the machine's speed goes off in one slice, and how processes differ while they live."""


def throughput(run: int, number: int, sliced: bool) -> dict[str, float]:
    """Return each stack's good answers per second in one round; no stack is faster than another."""
    drawn, cycles = random.Random(f"{run}/{number}/{sliced}"), orders(NAMES, SLICES, f"{run}/{number}")
    turns = [name for order in cycles for name in order] if sliced else [n for n in cycles[0] for _ in range(SLICES)]
    luck = {name: drawn.gauss(0, LUCK) for name in NAMES}
    speed, found = 0.0, dict.fromkeys(NAMES, 0.0)
    for name in turns:
        speed += drawn.gauss(0, DRIFT)
        found[name] += 600 * math.exp(speed + luck[name]) / SLICES
    return found


def ratios(run: int, sliced: bool) -> list[float]:
    return [(each := throughput(run, number, sliced))["asgi"] / each["wsgi-gthread"] for number in range(ROUNDS)]


def test_a_difference_that_is_not_there_is_claimed_at_most_as_often_as_promised() -> None:
    judged = [verdicts.judge(ratios(run, sliced=True), "throughput", headlines=1).verdict for run in range(RUNS)]
    false = sum(verdict in ("better", "worse") for verdict in judged) / RUNS
    assert false <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / RUNS)


def test_slices_leave_the_luck_of_processes_and_little_else() -> None:
    def scatter(sliced: bool) -> float:
        return statistics.stdev(math.log(ratio) for run in range(60) for ratio in ratios(run, sliced))

    assert scatter(sliced=True) < 1.5 * math.sqrt(2) * LUCK
    assert scatter(sliced=False) > 2.5 * scatter(sliced=True)


def measurement() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measured_slices", PROJECT / "docs/measurements/slices.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_table_holds_both_ways_against_each_other() -> None:
    ways = {f"read {WHOLE}": 0, "read": 8, f"read at saturation {WHOLE}": 0, "read at saturation": 8}
    kinds = [synthetic.saturating("read") if "saturation" in name else synthetic.load("read") for name in ways]
    loads = [
        msgspec.structs.replace(kind, scenario=name, drives="read", slices=slices)
        for kind, (name, slices) in zip(kinds, ways.items(), strict=True)
    ]
    factors = {("asgi", name, metric): 0.8 for name in ways for metric in ("cpu", "p50")}
    found = Rounds(synthetic.synthesise(9, factors, loads=loads, headlines=[], scatter=0.01))
    lines = measurement().table(found).splitlines()
    assert len(lines) == 2 + 3 * 2 * 2
    assert [line.split("|")[3].strip() for line in lines[2:4]] == [WHOLE, "8 slices"]
    first = [cell.strip() for cell in lines[2].split("|")[1:-1]]
    assert first[:2] == [f"{CPU.title}, read", "asgi"]
    assert first[3] == "9"
    assert 0.78 < float(first[4]) < 0.82
    assert 0 < float(first[6]) < 0.05
