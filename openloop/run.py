"""Begins and ends each run: makes the plan, or refuses in a sentence; the workers get the plan with their first orders."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import gc
import logging
import sys
import time
from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import LocalRunner, MasterRunner, Runner, WorkerRunner

from openloop.arrival import now
from openloop.beginning import Beginning
from openloop.client import Client
from openloop.dispatcher import Dispatcher
from openloop.lines import ANSWERED, BEGAN, WAITS
from openloop.plan import Fixed, LoadPlan, ProcessShare, make
from openloop.recording import Recording
from openloop.refusal import Refusal, is_headless, why
from openloop.request import Request
from openloop.scenario import MakeRequest, Process, Scenario
from openloop.silence import HeldBack
from openloop.status import NOT_COMPARABLE
from openloop.stumbles import Stumbles
from openloop.tally import Tally
from openloop.target import Target
from openloop.turns import Turns, told

BEGUN = "openloop_begun"
"""The message in which a worker tells the master that it takes part."""

STUMBLED, LATE = 2, 3
"""Exit status of Locust where the load test's own code failed, and where the generator was the limit; 1: requests failed."""

USERS_BEGIN = 3
"""Rounds of the event loop in which users that were just started have begun, and those of a closed loop wait."""

_log = logging.getLogger(__name__)


def _none(_: Random) -> Request:
    raise AssertionError("a process that was refused sends nothing")


class LoadRun:
    """The run that is going on in this process, if any."""

    of: ClassVar[dict[Environment, LoadRun]] = {}

    def __init__(
        self, environment: Environment, scenarios: Mapping[str, Scenario], fixed: tuple[str, ...], told: HeldBack
    ) -> None:
        options: Any = environment.parsed_options
        self._environment, self._scenarios = environment, scenarios
        # Read once and kept: the web page can change every option later, but these are not its business.
        self._fixed = Fixed(*(getattr(options, name) for name in Fixed._fields))
        self._kept = {name: getattr(options, name) for name in fixed}
        self._users, self._began = 0, now()
        self._told, self._stumbles = told, Stumbles(environment)
        self.beginning = Beginning()
        self.plan: LoadPlan | None = None
        self.dispatcher: Dispatcher | None = None
        """None on the master, which sends nothing."""
        self._tally: Tally | None = None
        self.recording = Recording(environment, self._fixed.samples)
        self._refusal = Refusal(environment, self.beginning, told, self.recording)
        if isinstance(environment.runner, MasterRunner):
            environment.runner.register_message(BEGUN, self._on_begun)
        environment.events.test_start.add_listener(self._on_test_start)
        environment.events.spawning_complete.add_listener(self._on_spawned)
        environment.events.test_stopping.add_listener(self._on_test_stopping)
        environment.events.quitting.add_listener(self._on_quitting)

    def next_pauses(self) -> Random:
        """What decides how long the next user of a closed loop thinks."""
        assert self.plan is not None
        self._users += 1
        return Random(f"{self.plan.seed_key}/pauses/{self._users}")

    def _on_test_start(self, **_: object) -> None:
        began, self._began = time.time(), now()  # the time of -t runs from here
        runner, options = self._environment.runner, self._environment.parsed_options
        assert options is not None
        if isinstance(runner, WorkerRunner):
            self.plan = LoadPlan(**options.openloop_plan)
        else:
            self.plan = self._make()
            self.beginning.await_processes(self.plan.workers)
            # Locust sends every option that is not its own to the workers before it starts them.
            options.openloop_plan = dataclasses.asdict(self.plan)
            if self.plan.is_closed:
                _log.info(f"Closed loop, users wait for their answers: {NOT_COMPARABLE}.")
        sending = runner if isinstance(runner, LocalRunner | WorkerRunner) else None
        part = self.plan.part(sending.client_id, sending.worker_index) if sending else None
        requests = self._start(part, sending) if part and sending else None
        if not isinstance(runner, WorkerRunner):
            print(f"{BEGAN} {began:.6f}", flush=True)
        self._told.release()
        self._users = 0
        self._refusal.forget()
        self._stumbles.forget()
        self.recording.begin(self.plan)
        if part:
            self.dispatcher = self._dispatch(part, requests or _none)
            if requests is None:
                self.dispatcher.drain(0)
            # All that is there by now stays, so the garbage collector need not look at it while arrivals are due. What a
            # run makes it still collects, quickly: a run of hours stays small.
            gc.collect()
            gc.freeze()
        if isinstance(sending, WorkerRunner) and requests is not None:
            sending.send_message(BEGUN, None)
        elif sending is not None:
            self.beginning.begun(sending.client_id)

    def _start(self, part: ProcessShare, runner: LocalRunner | WorkerRunner) -> MakeRequest | None:
        """Start the scenario in this process; None for a worker that is refused: it tells the master, which ends the run."""
        assert self._environment.host
        try:
            with contextlib.closing(Target(self._environment.host)) as target:
                return self._scenarios[part.plan.scenario].start(Process(target, part.name, part.plan.facts))
        except Exception as error:
            self._refusal.by(runner, why(error))
            return None

    def _dispatch(self, part: ProcessShare, requests: MakeRequest) -> Dispatcher:
        plan, limit = part.plan, None if part.plan.is_closed else part.plan.in_flight
        assert self._environment.host
        self._tally = Tally(self._environment, self.recording.epoch)
        client = Client(
            self._environment.host,
            timeout=plan.request_timeout,
            is_closed=plan.is_closed,
            record=self.recording.record,
            tell=self._tally.tell,
            stumbled=self._stumbles.tell,
        )
        turns = Turns(self._on_answered) if plan.turns else None
        schedule, factory = part.schedule(now(), turns), part.factory(requests)
        second = part.second(self._scenarios[plan.scenario].second(plan.facts), self._began)
        return Dispatcher(schedule, part.numbers(), factory, client, limit, self.recording.watch, second, turns)

    def _on_spawned(self, **_: object) -> None:
        """Where the run has turns: take them, once all users are there, so that no user changes what is due in a turn."""
        if self.plan is not None and self.plan.turns:
            for _turn in range(USERS_BEGIN):
                gevent.sleep(0)
            print(WAITS, flush=True)
            gevent.spawn(self._take_turns)

    def _take_turns(self) -> None:
        assert self.dispatcher is not None
        assert self._environment.runner is not None
        try:
            for begin, end in told(sys.stdin.fileno()):
                self.dispatcher.take_turn(begin - self.recording.epoch, end - self.recording.epoch)
        except ValueError as error:
            self._environment.process_exit_code = 1
            print(f"A line on standard input tells no turn: {error}", file=sys.stderr, flush=True)
        gevent.spawn(self._environment.runner.quit)

    def _on_answered(self, moment: float) -> None:
        print(f"{ANSWERED} {self.recording.epoch + moment:.6f}", flush=True)

    def _on_test_stopping(self, **_: object) -> None:
        """The load ends, before Locust stops its users; whoever waits for Locust waits for the last answers."""
        if self.plan is not None and self.dispatcher is not None:
            self.dispatcher.drain(self.plan.request_timeout)
            assert self._tally is not None
            self._tally.close()
            gc.unfreeze()

    def _on_quitting(self, **_: object) -> None:
        """Stop here what Locust would stop later, so that its exit status knows of all failures."""
        runner = self._environment.runner
        if (
            self.recording.status() is None
            and self._environment.process_exit_code is None
            and is_headless(self._environment)
        ):
            self._refusal.say(
                "The run was over before it began: the target took too long to say what the run must know of it."
            )
        if self.plan is None or runner is None:
            return
        if self.dispatcher is not None:
            self.dispatcher.end_drain()
        if isinstance(runner, MasterRunner):
            runner.quit()
            self.recording.gather(runner)
        else:
            runner.stop()
        if self._environment.process_exit_code is None and not isinstance(runner, WorkerRunner):
            self._environment.process_exit_code = self._exit_status(runner)

    def _exit_status(self, runner: Runner) -> int | None:
        """Where the load test's own code failed, or all went well but for the generator; None: as Locust decides."""
        if runner.exceptions:
            return STUMBLED
        if runner.errors:
            return None
        status = self.recording.status()
        return LATE if status is not None and status.warning() else None

    def _make(self) -> LoadPlan:
        runner = self._environment.runner
        if isinstance(runner, MasterRunner):
            clients = runner.clients
            workers = [worker.id for worker in clients.ready + clients.spawning + clients.running]
        else:
            assert isinstance(runner, LocalRunner)
            workers = [runner.client_id]
        if self._fixed.turns and not (is_headless(self._environment) and isinstance(runner, LocalRunner)):
            self._refusal.refuse("--turns needs --headless, and one process.")
        try:
            options = argparse.Namespace(**{**vars(self._environment.parsed_options), **self._kept})
            plan = make(options, self._environment.host, self._fixed, workers, self._scenarios)
        except Exception as error:
            self._refusal.refuse(why(error))
        assert self._environment.host
        self._environment.host = self._environment.host.rstrip("/")
        return plan

    def _on_begun(self, msg: Message, **_: object) -> None:
        self.beginning.begun(msg.node_id)
