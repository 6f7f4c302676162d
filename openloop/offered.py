"""The scenarios that the locustfiles of this process offer, with what belongs to them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from openloop import form, options, orders
from openloop.run import LoadRun
from openloop.scenario import Scenario
from openloop.silence import HeldBack
from openloop.tab import add_tab

_scenarios: dict[str, Scenario] = {}


def offer(
    scenarios: Mapping[str, Scenario],
    *,
    default: str | None = None,
    add_options: Callable[[LocustArgumentParser], None] | None = None,
    fixed: Iterable[str] = (),
) -> None:
    """Offer scenarios with --scenario, and take part in the runs of this process; only the first call counts.

    `default` is the first one unless it is named. `add_options` adds the load test's own options to Locust's; those in
    `fixed`, by their names with underscores, keep the value that they had at the start, whatever the web page sends.
    """
    if _scenarios:
        return
    _scenarios.update(scenarios)
    chosen = default or next(iter(_scenarios))

    def add(parser: LocustArgumentParser, **_: object) -> None:
        options.add(parser, _scenarios, chosen)
        if add_options is not None:
            add_options(parser)

    events.init_command_line_parser.add_listener(add)
    _take_part(_scenarios, tuple(fixed))


def _take_part(scenarios: Mapping[str, Scenario], fixed: tuple[str, ...]) -> None:
    """Take part in the runs of this process, with these scenarios; the options named in `fixed` can't change."""
    told = HeldBack()

    def on_init(environment: Environment, **_: object) -> None:
        _spare_the_requests()
        orders.obey_quickly()
        # The timers of a run count from a fresh reading of the clock, whatever was loaded since the loop last looked at it.
        gevent.get_hub().loop.update_now()
        LoadRun.of[environment] = run = LoadRun(environment, scenarios, fixed, told)
        if environment.web_ui is not None:
            told.release()
            add_tab(environment.web_ui, run.recording.status)
            form.improve(environment.web_ui, run.beginning)

    events.init.add_listener(on_init)


def _spare_the_requests() -> None:
    """Have Ctrl-C interrupt the main greenlet. Python would interrupt whichever happens to run: a request, now and then."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        hub: Any = gevent.get_hub()
        gevent.signal_handler(signal.SIGINT, hub.handle_system_error, KeyboardInterrupt, KeyboardInterrupt())
