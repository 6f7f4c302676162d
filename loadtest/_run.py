"""Begins and ends each run: makes the plan, or refuses in a sentence; the workers get the plan with their first orders."""

from __future__ import annotations

import dataclasses
import gc
import logging
import signal
import sys
from random import Random
from typing import Any, ClassVar

import gevent
from _arrival import now
from _client import Client
from _dispatcher import Dispatcher
from _plan import Plan, make
from _recording import Recording
from _status import NOT_COMPARABLE
from _tab import add_tab
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


def _spare_the_requests() -> None:
    """Have Ctrl-C interrupt the main greenlet. Python would interrupt whichever happens to run: a request, now and then."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        hub: Any = gevent.get_hub()
        gevent.signal_handler(signal.SIGINT, hub.handle_system_error, KeyboardInterrupt, KeyboardInterrupt())


def _on_init(environment: Environment, **_: object) -> None:
    _spare_the_requests()
    Run.of[environment] = run = Run(environment)
    if environment.web_ui is not None:
        add_tab(environment.web_ui, run.recording.status)


class Run:
    """The run that is going on in this process, if any."""

    of: ClassVar[dict[Environment, Run]] = {}

    def __init__(self, environment: Environment) -> None:
        options: Any = environment.parsed_options
        self._environment = environment
        # Read once and kept: the web page can change every option later, but these two are not its business.
        self._allowed, self._path = options.allow_remote, options.samples
        self._users = 0
        self.plan: Plan | None = None
        self.dispatcher: Dispatcher | None = None
        """None on the master, which sends nothing."""
        self.recording = Recording(environment, self._path)
        environment.events.test_start.add_listener(self._on_test_start)
        environment.events.test_stopping.add_listener(self._on_test_stopping)
        environment.events.quitting.add_listener(self._on_quitting)

    def next_pauses(self) -> Random:
        """What decides how long the next user of a closed loop thinks."""
        assert self.plan is not None
        self._users += 1
        return Random(f"{self.plan.seed_key}/pauses/{self._users}")

    def _on_test_start(self, **_: object) -> None:
        runner, options = self._environment.runner, self._environment.parsed_options
        assert options is not None
        if isinstance(runner, WorkerRunner):
            self.plan = Plan(**options.tandem_plan)
        else:
            self.plan = self._make()
            # Locust sends every option that is not its own to the workers before it starts them.
            options.tandem_plan = dataclasses.asdict(self.plan)
            if self.plan.is_closed:
                _log.info(f"Closed loop, users wait for their answers: {NOT_COMPARABLE}.")
        self._users = 0
        self.recording.begin(self.plan)
        if isinstance(runner, LocalRunner | WorkerRunner):
            self.dispatcher = self._prepare(self.plan, runner)
            # All that is there by now stays, so the garbage collector need not look at it while arrivals are due. What a
            # run makes it still collects, quickly: a run of hours stays small.
            gc.collect()
            gc.freeze()

    def _prepare(self, plan: Plan, runner: LocalRunner | WorkerRunner) -> Dispatcher:
        part, limit = plan.part(runner.client_id, runner.worker_index), None if plan.is_closed else plan.in_flight
        assert self._environment.host
        client = Client(
            self._environment.host,
            timeout=plan.request_timeout,
            limit=limit,
            epoch=self.recording.epoch,
            fire=self._environment.events.request.fire,
            note=self.recording.note,
        )
        return Dispatcher(part.schedule(now()), part.numbers(), part.asker(), client, limit, self.recording.watch)

    def _on_test_stopping(self, **_: object) -> None:
        """The load ends, before Locust stops its users; whoever waits for Locust waits for the last answers."""
        if self.plan is not None and self.dispatcher is not None:
            self.dispatcher.drain(self.plan.request_timeout)
            gc.unfreeze()

    def _on_quitting(self, **_: object) -> None:
        """Stop here what Locust would stop later, so that its exit status knows of all failures."""
        runner = self._environment.runner
        if self.plan is None or runner is None:
            return
        if self.dispatcher is not None:
            self.dispatcher.hurry()
        if isinstance(runner, MasterRunner):
            runner.quit()
            self.recording.gather(runner)
        else:
            runner.stop()

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
