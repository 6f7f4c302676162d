"""What the tests of plans share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tandem.plan import profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.run import Plan

QUICK = replace(profiles.QUICK, saturated=("waiting", "everyday"), at_rate=(), rounds=7)
STANDARD = replace(profiles.STANDARD, saturated=("read", "waiting", "everyday"), at_rate=("read", "everyday"), rounds=9)
"""Profiles of these names that ask for the same whatever those of the command come to ask for."""


def planned(profile: profiles.Profile = STANDARD, **given: Any) -> Plan:
    return plan(profile, stacks.load(), seed=1, **given)
