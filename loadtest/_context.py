"""What a scenario makes the request of one arrival from."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from _lifecycle import UserLifecycle


@dataclass(frozen=True)
class Context:
    """`random` belongs to one arrival alone; `lifecycle` knows the users that this process created."""

    random: Random
    users: int
    """How many seeded users there are, ids 1 to this."""

    lifecycle: UserLifecycle

    bystander: str = ""
    """What one in three bystanders asks for beside blockers: a path, or `write`."""

    tokens: dict[str, str] = field(default_factory=dict)
    """Who was given which token, by the logins of this process."""

    def any_id(self) -> int:
        """The id of any seeded user, all alike."""
        return self.random.randrange(1, self.users + 1)
