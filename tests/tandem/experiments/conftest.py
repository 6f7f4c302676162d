"""What the tests of comparisons, and of searches for capacity, share: a plan."""

from __future__ import annotations

import os

import pytest

from tandem.plan import capacity as planning
from tandem.plan import profiles, stacks
from tandem.plan.capacity import CapacityPlan
from tandem.plan.comparison import plan
from tandem.plan.run import Plan
from tests.support.executor import SCENARIOS


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return plan(profiles.QUICK, stacks.load(), seed=3, rounds=7, scenarios=SCENARIOS, slices=0)


@pytest.fixture
def search_plan(monkeypatch: pytest.MonkeyPatch) -> CapacityPlan:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return planning.plan(stacks.load(), names=["wsgi-gthread", "asgi"], scenarios=["read"], seed=3)
