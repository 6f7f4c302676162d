"""The only user class: it plays the scenario of the run, whichever that is, so that a run can follow another."""

from __future__ import annotations

from typing import Any

from _client import Client
from _run import Run
from _scenarios import SCENARIOS
from locust import FastHttpUser, task
from locust.env import Environment

TIMEOUT_SECONDS = 30.0
"""A request that has no answer by then has failed."""


class TandemUser(FastHttpUser):
    """One user of a closed loop: asks, waits for the answer, thinks, asks again."""

    network_timeout = TIMEOUT_SECONDS
    connection_timeout = TIMEOUT_SECONDS

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        run = Run.of[environment]
        plan = run.plan
        assert plan is not None
        number = run.next_user_number()
        # A redirect is an answer like any other: none of the scenarios expects one.
        agent: Any = self.client.client
        agent.redirect_response_codes = frozenset()
        self._think_seconds = plan.think_seconds
        self._pauses = plan.random(number, "pauses")
        client = Client(
            self.client, plan.random(number, "requests"), number, plan.users, plan.run, run.recording.unfinished
        )
        self._steps = SCENARIOS[plan.scenario](client)

    def on_start(self) -> None:
        """Think first, so that users who are started together don't ask together."""
        self.wait()  # type: ignore[no-untyped-call]  # mypy looks for its module in ours

    def wait_time(self) -> float:
        """Seconds until the next request, exponentially distributed."""
        return self._pauses.expovariate(1 / self._think_seconds) if self._think_seconds else 0.0

    @task
    def step(self) -> None:
        """One request of the scenario."""
        next(self._steps)
