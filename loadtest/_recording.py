"""Keeps the samples of a run, brings those of all worker processes to the master, and writes the file there."""

from __future__ import annotations

import logging
from typing import Any

import gevent
from _plan import Plan
from _samples import Samples
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

DRAIN_SECONDS = 5.0
"""How long the master waits at the end for samples that its workers still hold."""

_KEY = "tandem"
_log = logging.getLogger(__name__)


class Recording:
    """The samples of one process, or on the master of all; one for the whole life of the process."""

    def __init__(self, environment: Environment, path: str) -> None:
        self._environment = environment
        self._path = path
        self._plan: Plan | None = None
        self._samples = Samples()
        self._awaited: set[str] = set()
        self._stopped = False
        events = environment.events
        events.request.add_listener(self._on_request)
        events.test_stop.add_listener(self._on_test_stop)
        events.report_to_master.add_listener(self._on_report_to_master)
        events.worker_report.add_listener(self._on_worker_report)
        events.quitting.add_listener(self._on_quitting)

    def begin(self, plan: Plan) -> None:
        """Forget the run before and keep the samples of this one."""
        self._plan, self._samples, self._stopped = plan, Samples(), False
        self._awaited = set(plan.workers) if isinstance(self._environment.runner, MasterRunner) else set()

    def unfinished(self, route: str, start: float, age_ms: float) -> None:
        """Keep a request that was broken off."""
        self._samples.add_unfinished(start, age_ms, route)

    def _on_request(
        self,
        request_type: str,
        name: str,
        response_time: float,
        start_time: float,
        exception: BaseException | None = None,
        response: Any = None,
        **_: object,
    ) -> None:
        if self._plan is not None and self._plan.recording:
            failure = str(exception) or repr(exception) if exception else ""
            self._samples.add(start_time, response_time, f"{request_type} {name}", response.status_code or 0, failure)

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
            data[_KEY] = {"run": self._plan.run, "last": self._stopped, "samples": self._samples.packed()}
            self._samples = Samples()
            if self._stopped:
                self._plan = None

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        report = data.get(_KEY)
        if self._plan is not None and report and report["run"] == self._plan.run:
            self._samples.add_packed(report["samples"])
            if not report["last"]:
                self._awaited.add(client_id)  # a worker that joined on the way is waited for like the others
                return
            self._awaited.discard(client_id)
            self._finish()

    def _on_quitting(self, **_: object) -> None:
        runner = self._environment.runner
        if isinstance(runner, MasterRunner) and self._plan is not None:
            runner.quit()
            self._drain(runner)
            if self._awaited:
                self._fail(
                    f"{len(self._awaited)} worker processes did not send the end of their samples: they are incomplete."
                )
                self._awaited.clear()
            self._finish()

    def _drain(self, runner: MasterRunner) -> None:
        """Read on where Locust, which waits half a second, no longer does."""
        with gevent.Timeout(DRAIN_SECONDS, False):
            while self._awaited:
                runner.handle_message(*runner.server.recv_from_client())

    def _finish(self) -> None:
        """Once the run has stopped and all samples are here: write them."""
        if self._plan is None or not self._stopped or self._awaited:
            return
        recording, self._plan = self._plan.recording, None
        if self._samples.unfinished and not self._environment.stats.total.num_requests:
            self._fail(f"No request was answered; {self._samples.unfinished} were waiting when the run ended.")
        if recording:
            try:
                self._samples.write(self._path)
            except OSError as error:
                self._fail(f"The samples can't be written to {self._path}: {error.strerror}.")

    def _fail(self, sentence: str) -> None:
        _log.error(sentence)
        options = self._environment.parsed_options
        if options is not None and options.headless:
            self._environment.process_exit_code = 1
