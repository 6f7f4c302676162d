"""The ladder: what its rungs are asked for, the same of each, so that a reader sees what a repair buys and what it costs."""

from __future__ import annotations

from tandem.plan.kinds import Kind, Kinds

LADDER: Kinds = {
    "ladder-sleep": Kind(
        title="a wait, done as each rung does it", happens="", wrong="/lab/ladder/sleep", amount="ms", usual=200,
        most=10_000, cpu=False,
    ),
    "ladder-password": Kind(
        title="passwords, verified as each rung does it", happens="", wrong="/lab/ladder/password", amount="times", usual=5,
        most=100,
        about_ms=100, cpu=True,
    ),
    "ladder-crowd": Kind(
        title="many long waits, done as each rung does it",
        happens="More calls wait at once than the usual pool has threads, and fewer than the resized one: whoever needs a thread "
        "waits for the first, and not for the second.",
        wrong="/lab/ladder/sleep", amount="ms", usual=1000, most=10_000, cpu=False, per_second=45,
        bystander="/lab/health-in-thread",
    ),
}  # fmt: skip
"""Few waits tell one that holds its loop from one that doesn't, many of them how many threads there are. Rungs that serve few at
once would be busy with those for minutes, so they are not asked for them (`blockers.py`). Last, as others are behind, too."""
