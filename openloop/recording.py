"""Counts arrivals and keeps their samples, brings those of all worker processes to the master, and writes the file there."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from openloop.arrival import DROPPED, UNFINISHED, Arrival, now
from openloop.counts import Counts
from openloop.plan import LoadPlan
from openloop.request import DEVIATED, Request
from openloop.samples import SampleColumns
from openloop.status import Status

MARGIN_SECONDS = 10.0
"""How much longer than its workers drain the master waits at the end for samples that they still hold."""

RECENT_SECONDS = 2.0
"""The last seconds, where they are not asked for less often."""

_KEY = "openloop"
_log = logging.getLogger(__name__)


class Recording:
    """The samples of one process, or on the master of all; one for the whole life of the process."""

    def __init__(self, environment: Environment, path: str) -> None:
        self._environment = environment
        self._path = path
        self._plan: LoadPlan | None = None
        self._samples = SampleColumns()
        self._counts, self._asked_at = Counts(), 0.0
        self._status: Status | None = None
        self._awaited: set[str] = set()
        self._stopped = False
        self.epoch = 0.0
        """What makes a time of the arrivals' clock seconds since the epoch, the same for a whole run."""
        events = environment.events
        events.test_stop.add_listener(self._on_test_stop)
        events.report_to_master.add_listener(self._on_report_to_master)
        events.worker_report.add_listener(self._on_worker_report)
        events.quit.add_listener(self._on_quit)

    def begin(self, plan: LoadPlan) -> None:
        """Forget the run before and keep the samples of this one."""
        self.epoch = time.time() - now()
        self._plan, self._samples, self._stopped = plan, SampleColumns(), False
        self._counts, self._status = Counts(), Status(plan)
        self._awaited = set(plan.workers) if isinstance(self._environment.runner, MasterRunner) else set()

    def forget(self) -> None:
        """There is no run after all: nothing is said of it."""
        self._plan = self._status = None

    def record(self, arrival: Arrival, request: Request) -> None:
        """Take down what became of an arrival."""
        assert self._plan is not None
        counts, outcome, delay = self._counts, arrival.outcome, arrival.start_delay
        counts.due += 1
        if outcome == DROPPED:
            counts.dropped += 1
        else:
            counts.sent += 1
            counts.unfinished += outcome == UNFINISHED
            counts.add_lag(delay)
        if self._plan.recording:
            asked = DEVIATED if outcome == DROPPED else request.asked
            self._samples.add(
                arrival.number, self.epoch + arrival.due, delay, arrival.service, arrival.in_flight,
                request.name, arrival.status, outcome, asked,
                "" if outcome in (DROPPED, UNFINISHED) else arrival.reason,
            )  # fmt: skip

    def watch(self, rate: int, in_flight: int) -> None:
        """Take down how much is going on at this moment."""
        counts = self._counts
        counts.rate, counts.in_flight = rate, in_flight
        if in_flight > counts.most:
            counts.most = in_flight

    def status(self) -> Status | None:
        """How the run stands, or stood at its end; None before the first."""
        is_local = not isinstance(self._environment.runner, MasterRunner | WorkerRunner)
        if is_local and self._plan is not None and (self._stopped or now() - self._asked_at >= RECENT_SECONDS):
            assert self._status is not None
            self._asked_at = now()
            self._status.add("local", self._take())
        return self._status

    def _take(self) -> Counts:
        taken, self._counts = self._counts, self._counts.next()
        return taken

    def _on_test_stop(self, **_: object) -> None:
        self._stopped = True
        if isinstance(self._environment.runner, WorkerRunner):
            self._report(self._environment.runner)
        else:
            self._finish()

    def _report(self, runner: WorkerRunner) -> None:
        """Report at once what Locust would report within 3 s, and before it tells the master that it has stopped."""
        data: dict[str, Any] = {}
        self._environment.events.report_to_master.fire(client_id=runner.client_id, data=data)
        runner.send_message("stats", data)

    def _on_report_to_master(self, data: dict[str, Any], **_: object) -> None:
        if self._plan is not None:
            data[_KEY] = {
                "run": self._plan.run,
                "last": self._stopped,
                "samples": self._samples.packed(),
                "counts": self._take().packed(),
            }
            self._samples = SampleColumns()
            if self._stopped:
                self._plan = None

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        report = data.get(_KEY)
        if self._plan is not None and self._status is not None and report and report["run"] == self._plan.run:
            self._samples.add_packed(report["samples"])
            self._status.add(client_id, Counts(**report["counts"]))
            if not report["last"]:
                self._awaited.add(client_id)  # a worker that joined on the way is waited for like the others
                return
            self._awaited.discard(client_id)
            self._finish()

    def gather(self, runner: MasterRunner) -> None:
        """Wait for the samples of workers that are stopping, reading on where Locust, which waits half a second, doesn't."""
        if self._plan is None:
            return
        with gevent.Timeout(self._plan.request_timeout + MARGIN_SECONDS, False):
            while self._awaited:
                runner.handle_message(*runner.server.recv_from_client())
        if self._awaited:
            self._fail(
                f"{len(self._awaited)} worker processes did not send the end of their samples: they are incomplete."
            )
            self._awaited.clear()
        self._finish()

    def _finish(self) -> None:
        """Once the run has stopped and all samples are here: write them."""
        if self._plan is None or not self._stopped or self._awaited:
            return
        status, recording, self._plan = self.status(), self._plan.recording, None
        if not self._is_headless and status is not None:
            _log.info(status.line())
            if status.warning():
                _log.warning(status.warning())
        if recording:
            try:
                self._samples.write(self._path)
            except OSError as error:
                self._fail(f"The samples can't be written to {self._path}: {error.strerror}.")
        self._samples = SampleColumns()

    def _on_quit(self, **_: object) -> None:
        """Say it last, below the tables that Locust prints."""
        if self._is_headless and self._status is not None and not isinstance(self._environment.runner, WorkerRunner):
            if warning := self._status.warning():
                print(warning, file=sys.stderr, flush=True)
            print(self._status.line(), flush=True)

    @property
    def _is_headless(self) -> bool:
        options = self._environment.parsed_options
        return options is not None and bool(options.headless)

    def _fail(self, sentence: str) -> None:
        _log.error(sentence)
        if self._is_headless:
            self._environment.process_exit_code = 1
