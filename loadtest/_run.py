"""Begins each run: makes the plan, or refuses in a sentence; the workers get the plan with their first orders."""

from __future__ import annotations

import dataclasses
import logging
import sys
from typing import Any, ClassVar

import gevent
from _plan import Plan, make
from _recording import Recording
from _target import RefusedError
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

_log = logging.getLogger(__name__)
_registered = False


def register() -> None:
    """Take part in the runs of this process; a second call changes nothing."""
    global _registered
    if not _registered:
        _registered = True
        events.init.add_listener(_on_init)


def _on_init(environment: Environment, **_: object) -> None:
    Run.of[environment] = Run(environment)


class Run:
    """The run that is going on in this process, if any, and the numbers of its users."""

    of: ClassVar[dict[Environment, Run]] = {}

    def __init__(self, environment: Environment) -> None:
        options: Any = environment.parsed_options
        self._environment = environment
        # Read once and kept: the web page can change every option later, but these two are not its business.
        self._allowed, self._path = options.allow_remote, options.samples
        self._started = 0
        self.plan: Plan | None = None
        self.recording = Recording(environment, self._path)
        environment.events.test_start.add_listener(self._on_test_start)

    def next_user_number(self) -> int:
        """The number of the next user that this process starts, unlike any other in all processes of the run."""
        runner = self._environment.runner
        assert self.plan is not None
        assert isinstance(runner, LocalRunner | WorkerRunner)
        self._started += 1
        return self.plan.user_number(runner.client_id, self._started - 1)

    def _on_test_start(self, **_: object) -> None:
        options: Any = self._environment.parsed_options
        if isinstance(self._environment.runner, WorkerRunner):
            self.plan = Plan(**options.tandem_plan)
        else:
            self.plan = self._make()
            # Locust sends every option that is not its own to the workers before it starts them.
            options.tandem_plan = dataclasses.asdict(self.plan)
        self._started = 0
        self.recording.begin(self.plan)

    def _make(self) -> Plan:
        runner = self._environment.runner
        if isinstance(runner, MasterRunner):
            clients = runner.clients
            workers = [worker.id for worker in clients.ready + clients.spawning + clients.running]
        else:
            assert isinstance(runner, LocalRunner)
            workers = [runner.client_id]
        try:
            plan = make(self._environment.parsed_options, self._environment.host, self._allowed, self._path, workers)
        except RefusedError as refused:
            self._refuse(str(refused))
        assert self._environment.host
        self._environment.host = self._environment.host.rstrip("/")
        return plan

    def _refuse(self, sentence: str) -> None:
        options: Any = self._environment.parsed_options
        if options.headless:
            self._environment.process_exit_code = 1
            # Said last, below the empty tables that Locust prints when it quits.
            self._environment.events.quit.add_listener(lambda **_: print(sentence, file=sys.stderr))
            assert self._environment.runner is not None
            gevent.spawn(self._environment.runner.quit)
        else:
            _log.error(sentence)
        raise gevent.GreenletExit  # ends the greenlet that was about to start users, and is no error to Locust
