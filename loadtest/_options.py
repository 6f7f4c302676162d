"""What the command line and the web page offer beyond Locust's own options."""

from __future__ import annotations

import _seeded
from _scenarios import SCENARIOS
from _schedule import KINDS
from locust import events
from locust.argument_parser import LocustArgumentParser

_registered = False


def register() -> None:
    """Offer the options; a second call changes nothing."""
    global _registered
    if not _registered:
        _registered = True
        events.init_command_line_parser.add_listener(_add)


def _add(parser: LocustArgumentParser, **_: object) -> None:
    # To the parser and not to a group of its own: what is in a group, the web page does not show.
    parser.add_argument(
        "--scenario",
        choices=list(SCENARIOS),
        default="everyday",
        env_var="LOCUST_SCENARIO",
        help="What is asked for. Default: everyday.",
    )
    parser.add_argument(
        "--arrivals",
        choices=list(KINDS),
        default=KINDS[0],
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
    parser.add_argument(
        "--users-in-database",
        type=int,
        metavar="N",
        default=0,
        env_var="LOCUST_USERS_IN_DATABASE",
        help="How many seeded users the target has, ids 1 to N. Default: 0, the target is asked.",
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
        "--login-name",
        metavar="NAME",
        default="admin",
        env_var="LOCUST_LOGIN_NAME",
        include_in_web_ui=False,
        help="Who writes, in the scenarios that do: each process logs in once. Default: admin.",
    )
    parser.add_argument(
        "--login-password",
        metavar="TEXT",
        default=_seeded.PASSWORD,
        env_var="LOCUST_LOGIN_PASSWORD",
        include_in_web_ui=False,
        help="The password; better given in the environment, as others see command lines. Default: that of seeded users.",
    )
    parser.add_argument(
        "--allow-remote",
        metavar="HOST",
        default="",
        include_in_web_ui=False,
        help="Load this one host although it is not this machine. Only with the consent of its owner.",
    )
