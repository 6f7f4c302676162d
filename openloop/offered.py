"""The scenarios that the locustfiles of this process offer, with what belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from locust import events
from locust.argument_parser import LocustArgumentParser

from openloop import options, run
from openloop.scenario import Scenario

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
    run.register(_scenarios, tuple(fixed))
