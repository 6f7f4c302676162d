"""What the tests of comparisons share: a plan."""

from __future__ import annotations

import os

import pytest

from tandem.plan import profiles, stacks
from tandem.plan.comparison import Plan, plan
from tests.support.executor import SCENARIOS


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return plan(profiles.QUICK, stacks.load(), seed=3, rounds=7, scenarios=SCENARIOS, slices=0)
