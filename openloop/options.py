"""What the command line and the web page offer beyond Locust's own options, for every load test."""

from __future__ import annotations

from collections.abc import Mapping

from locust.argument_parser import LocustArgumentParser

from openloop.scenario import Scenario
from openloop.schedule import ARRIVALS


def add(parser: LocustArgumentParser, scenarios: Mapping[str, Scenario], default: str) -> None:
    """Add them to the parser and not to a group of its own: what is in a group, the web page does not show."""
    titles = "; ".join(f"{name}: {scenario.title}" for name, scenario in scenarios.items() if scenario.title)
    parser.add_argument(
        "--scenario",
        choices=list(scenarios),
        default=default,
        env_var="LOCUST_SCENARIO",
        help=f"What is asked for. {titles}{'. ' * bool(titles)}Default: {default}.".replace("%", "%%"),
    )
    parser.add_argument(
        "--arrivals",
        choices=list(ARRIVALS),
        default=ARRIVALS[0],
        env_var="LOCUST_ARRIVALS",
        help="Open loop, one user being one arrival per second: at random (poisson) or in even steps (uniform). "
        "Or closed loop, where users wait for their answers: its latency is not comparable. Default: poisson.",
    )
    parser.add_argument(
        "--in-flight",
        type=int,
        metavar="N",
        default=1000,
        env_var="LOCUST_IN_FLIGHT",
        help="Open loop: an arrival that finds so many requests of its process without an answer is dropped and counted. "
        "Default: 1000.",
    )
    parser.add_argument(
        "--request-timeout",
        type=float,
        metavar="SECONDS",
        default=10.0,
        env_var="LOCUST_REQUEST_TIMEOUT",
        help="A request without an answer by then has failed. So long, too, a run waits at its end. Default: 10.",
    )
    parser.add_argument(
        "--think-time",
        type=float,
        metavar="SECONDS",
        default=1.0,
        env_var="LOCUST_THINK_TIME",
        help="Closed loop: mean pause of a user between two requests, exponentially distributed; 0: none. Default: 1.",
    )
    parser.add_argument(
        "--seed-key",
        metavar="TEXT",
        default="0",
        env_var="LOCUST_SEED_KEY",
        help="The same key repeats the arrivals: their schedule, and what each asks for. Default: 0.",
    )
    # Those below are for whoever started Locust, so the web page does not show them and can't change them.
    parser.add_argument(
        "--samples",
        metavar="FILE",
        default="",
        env_var="LOCUST_SAMPLES",
        include_in_web_ui=False,
        help="Write every arrival with its exact times to this file (gzip CSV) when the test stops.",
    )
    parser.add_argument(
        "--turns",
        action="store_true",
        include_in_web_ui=False,
        help="Ask only in turns, told on standard input in lines of their beginning and end in seconds since the epoch, and let "
        "what is in flight end between them; the run ends with the input. With --headless, in one process.",
    )
    parser.add_argument(
        "--allow-remote",
        metavar="HOST",
        default="",
        include_in_web_ui=False,
        help="Load this one host although it is not this machine. Only with the consent of its owner.",
    )
