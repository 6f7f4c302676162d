"""What the tests of plans share."""

from __future__ import annotations

from typing import Any

from tandem.plan import profiles, stacks
from tandem.plan.comparison import plan
from tandem.plan.run import Plan


def planned(profile: profiles.Profile = profiles.STANDARD, **given: Any) -> Plan:
    return plan(profile, stacks.load(), seed=1, **given)
