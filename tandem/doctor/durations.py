"""Durations: about how long the commands that measure take, by their own plans."""

from __future__ import annotations

from tandem import formats
from tandem.doctor.check import Check
from tandem.errors import TandemError
from tandem.plan import capacity, comparison, profiles, stacks
from tandem.plan.profiles import Profile


def durations(cpus: int) -> Check:
    """Say how long each profile and a search for capacity take, without waiting for an idle machine and rounds that are lost."""
    try:
        texts = [_profile(profile, cpus) for profile in profiles.PROFILES.values()]
        search = capacity.plan(
            stacks.load(), names=profiles.QUICK.stacks, scenarios=profiles.FULL.capacity, seed=0, cpus=cpus
        )
        texts.append(f"capacity {_minutes(search.expected_seconds())}")
    except TandemError as error:
        return Check("time", "note", f"how long a run takes is not known: {error}")
    return Check("time", "ok", f"about {'; '.join(texts)}; longer where rounds are lost or the machine is not idle")


def _profile(profile: Profile, cpus: int) -> str:
    plan = comparison.plan(profile, stacks.load(), seed=0, cpus=cpus)
    saturating = sum(load.saturates for load in plan.loads) * plan.rounds * len(plan.definitions)
    part = capacity.part_of(plan)
    more = f", then capacity {_minutes(part.expected_seconds())}" if part else ""
    blocks = f"{formats.count(plan.blocks(), 'block')}, {saturating:,} of them at saturation"
    return f"{profile.name} {_minutes(plan.seconds())} ({blocks}{more})"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min"
