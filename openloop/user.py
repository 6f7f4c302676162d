"""The only user class: one arrival per second, or somebody who asks, waits and thinks."""

from __future__ import annotations

from gevent import GreenletExit
from locust import User, task
from locust.env import Environment

from openloop.run import LoadRun

LONG = 1e6
"""Seconds until a user who has nothing to do looks again; waiting, it can be stopped at any time."""


class OpenLoopUser(User):
    """With --arrivals poisson or uniform one arrival per second, else one user of a closed loop."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        run = LoadRun.of[environment]
        if run.plan is None or run.dispatcher is None:  # the run was refused while the order to spawn was on its way
            raise GreenletExit
        self._dispatcher = run.dispatcher
        self._is_closed, self._think_seconds = run.plan.is_closed, run.plan.think_seconds
        self._pauses = run.next_pauses()
        self._rate = 0

    def on_start(self) -> None:
        """Add one arrival per second; or think first, so that users who are started together don't ask together."""
        if self._is_closed:
            self.wait()  # type: ignore[no-untyped-call]  # Locust gives it no types
        else:
            self._rate = 1
            self._dispatcher.add_rate(1)

    def on_stop(self) -> None:
        """Take it away."""
        self._dispatcher.add_rate(-self._rate)

    def wait_time(self) -> float:
        """Seconds until the next request of a closed loop, exponentially distributed."""
        if not self._is_closed or not self._dispatcher.is_open:
            return LONG
        return self._pauses.expovariate(1 / self._think_seconds) if self._think_seconds else 0.0

    @task
    def step(self) -> None:
        """One request of a closed loop; in an open one the dispatcher sends them."""
        if self._is_closed:
            self._dispatcher.request()
