"""What the command line and the web page offer beyond the options of Locust and openloop: whom the target knows."""

from __future__ import annotations

import _blocking
import _seeded
from locust.argument_parser import LocustArgumentParser

from openloop.second import AT_RANDOM, EVENLY, SPREADS

FIXED = ("login_name", "login_password")
"""For whoever started Locust: the web page does not show them and can't change them."""


def add(parser: LocustArgumentParser) -> None:
    """Add them."""
    parser.add_argument(
        "--users-in-database",
        type=int,
        metavar="N",
        default=0,
        env_var="LOCUST_USERS_IN_DATABASE",
        help="How many seeded users the target has, ids 1 to N. Default: 0, the target is asked.",
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
        "--blocker-request",
        metavar="PATH",
        default="",
        env_var="LOCUST_BLOCKER_REQUEST",
        help="What each of them asks for, path and query, such as /lab/password?times=5. Default: as the scenario says.",
    )
    parser.add_argument(
        "--bystander",
        metavar="PATH",
        default="",
        env_var="LOCUST_BYSTANDER",
        help="Scenario blocking: a health check for one in three of the others, or `write`: they create users. Default: none.",
    )
    parser.add_argument(
        "--blocker-arrivals",
        choices=list(SPREADS),
        default=SPREADS[0],
        env_var="LOCUST_BLOCKER_ARRIVALS",
        help=f"Scenario blocking: how they are spread, evenly ({EVENLY}) or at random ({AT_RANDOM}). Default: {SPREADS[0]}.",
    )
    parser.add_argument(
        "--blocker-client",
        choices=["", *_blocking.CLIENTS],
        default="",
        env_var="LOCUST_BLOCKER_CLIENT",
        help="What they do where it is the client that blocks; all have left when --blockers-to is reached. Default: nothing.",
    )
    for name, kind, default, text in (
        ("--blockers", float, 2.0, "Scenario blocking: so many per second block, whatever -u says; 0: none."),
        ("--blocker-ms", int, 200, "For how many milliseconds each of them blocks."),
        ("--blockers-from", float, 3.0, "When they begin, in seconds of the run."),
        ("--blockers-to", float, 7.0, "When they end."),
    ):
        parser.add_argument(
            name,
            type=kind,
            metavar="N",
            default=default,
            env_var=f"LOCUST_{name.strip('-').replace('-', '_').upper()}",
            help=f"{text} Default: {default:g}.",
        )
