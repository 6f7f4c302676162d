"""Refusal: a run that can't begin ends with a sentence that says why, on whichever process that turns out."""

from __future__ import annotations

import logging
import sys
from typing import Any, NoReturn

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import LocalRunner, MasterRunner, WorkerRunner
from locust.web import WebUI

from openloop.beginning import Beginning
from openloop.recording import Recording
from openloop.silence import HeldBack
from openloop.target import RefusedError

REFUSED = "openloop_refused"
"""The message in which a worker tells the master why it can't take part."""

STARTS_WITHIN_SECONDS = 10.0
"""How long the users of a worker are waited for, what it asks the target before included."""

_log = logging.getLogger(__name__)


def why(error: Exception) -> str:
    """Say in a sentence why there is no run; what fails in the load test's own code, with its traceback."""
    if isinstance(error, RefusedError):
        return str(error)
    _log.error("The load test's own code failed:", exc_info=error)
    return f"The run can't begin, because the load test's own code failed: {error!r}"


def is_headless(environment: Environment) -> bool:
    """Whether this process answers for the run, and has no web page."""
    options: Any = environment.parsed_options
    return bool(options.headless) and not isinstance(environment.runner, WorkerRunner)


class Refusal:
    """What says that there is no run, and ends it."""

    def __init__(self, environment: Environment, beginning: Beginning, told: HeldBack, recording: Recording) -> None:
        self._environment, self._beginning, self._told, self._recording = environment, beginning, told, recording
        self._is_told = False
        if isinstance(environment.runner, MasterRunner):
            environment.runner.register_message(REFUSED, self._on_refused)

    def forget(self) -> None:
        """Another run begins."""
        self._is_told = False

    def refuse(self, sentence: str) -> NoReturn:
        """Say why there is no run, and end the greenlet that was about to start users: that is no error to Locust."""
        self.say(sentence)
        raise gevent.GreenletExit

    def by(self, runner: LocalRunner | WorkerRunner, sentence: str) -> None:
        """Refuse in a process that sends: a worker tells the master, which ends the run."""
        if isinstance(runner, LocalRunner):
            self.refuse(sentence)
        runner.send_message(REFUSED, {"sentence": sentence})

    def say(self, sentence: str) -> None:
        """Say why there is no run; without a web page Locust ends, too."""
        self._beginning.refuse(sentence)
        if is_headless(self._environment):
            self._environment.process_exit_code = 1
            self._told.forget()
            self._recording.forget()
            print(sentence, file=sys.stderr, flush=True)
            assert self._environment.runner is not None
            gevent.spawn(self._environment.runner.quit)
        else:
            _log.error(sentence)

    def _on_refused(self, msg: Message, **_: object) -> None:
        """A worker can't take part, so the run ends; others may say the same."""
        if not self._is_told:
            self._is_told = True
            self.say(msg.data["sentence"])
            if self._environment.web_ui is not None:
                gevent.spawn(self._stop, self._environment.web_ui)

    def _stop(self, web_ui: WebUI) -> None:
        """What the page's button does, but not before each worker has its users: one that is stopped earlier starts them then."""
        runner = self._environment.runner
        assert isinstance(runner, MasterRunner)
        if web_ui._swarm_greenlet is not None:
            web_ui._swarm_greenlet.kill()
        with gevent.Timeout(STARTS_WITHIN_SECONDS, False):
            while len(runner.clients.running) < runner.worker_count:
                gevent.sleep(0.02)
        runner.stop()
