"""What is asked: the scenarios of a comparison, and which of them are driven at a rate and which to saturation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tandem.errors import TandemError
from tandem.plan import refusals
from tandem.plan.profiles import Profile
from tandem.plan.scenarios import Scenarios
from tandem.plan.scenarios import choose as choose_scenarios
from tandem.plan.scenarios import load as load_scenarios
from tandem.plan.stacks import Stacks


class Driven(NamedTuple):
    """The scenarios, in the order of a round, and how they are driven."""

    rows: Scenarios
    at_rate: list[str]
    saturated: list[str]


def choose(profile: Profile, known: Scenarios, scenarios: Sequence[str] | None, load: str | None) -> Driven:
    """Return the named ones of those that the load test knows, or the profile's."""
    at_rate, saturated = _driven(profile, scenarios, load)
    named = dict.fromkeys([*at_rate, *saturated]) if scenarios is None else scenarios
    if scenarios is None and load is None:
        named = dict.fromkeys([*named, *(name for name in profile.blocking if name in known)])
    rows = choose_scenarios(known, named)
    blocking = [name for name, row in rows.items() if row.blockers]
    at_rate = [*(name for name in at_rate if name not in blocking), *blocking]
    return Driven(rows, at_rate, _that_saturate(rows, saturated, required=load == "saturation" or not at_rate))


def unfit(profile: Profile, group: Stacks, scenarios: Sequence[str] | None, load: str | None) -> dict[str, str]:
    """Return which stacks of a group can't be measured under all that is asked, each with the reason."""
    found = {}
    for name, stack in group.items():
        known = load_scenarios(stack.application.load_test)
        if reason := refusals.unfit(stack, known, choose(profile, known, scenarios, load).rows):
            found[name] = f"it {reason}"
    return found


def _driven(profile: Profile, scenarios: Sequence[str] | None, load: str | None) -> tuple[Sequence[str], Sequence[str]]:
    """Return which scenarios are driven at a rate and which to saturation: the profile's, unless some are named."""
    if scenarios is None and load is None:
        return profile.at_rate, profile.saturated
    named = tuple(dict.fromkeys([*profile.saturated, *profile.at_rate])) if scenarios is None else scenarios
    usual = "both" if profile.at_rate and profile.saturated else "rate" if profile.at_rate else "saturation"
    how = load or usual
    return named if how != "saturation" else (), named if how != "rate" else ()


def _that_saturate(rows: Scenarios, saturated: Sequence[str], required: bool) -> list[str]:
    """Leave out what can't be saturated, or raise TandemError where it is required."""
    found = [name for name in saturated if rows[name].concurrency]
    left_out = [name for name in saturated if name not in found]
    if left_out and required:
        raise TandemError(f"{left_out[0]!r} can't be driven to saturation (its concurrency is 0): give --load rate")
    return found
