"""The scenarios of scenarios.toml, each with the function `request` of the file that is named after it."""

from __future__ import annotations

import importlib
import math
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import _blocking
import _database
from _context import Context
from _lifecycle import UserLifecycle

from openloop.request import Request
from openloop.scenario import Facts, MakeRequest, Process, Scenario
from openloop.second import SPREADS, Second
from openloop.target import RefusedError, Target

DEFAULT = "everyday"
ROWS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("scenarios.toml").read_text("utf-8"))


def scenarios() -> dict[str, Scenario]:
    """All of them, by name."""
    return {name: _scenario(name, row) for name, row in ROWS.items()}


def function(name: str) -> Callable[[Context], Request]:
    """What makes the requests of a scenario."""
    found: Callable[[Context], Request] = importlib.import_module(f"_{name}").request
    return found


def _scenario(name: str, row: Mapping[str, Any]) -> Scenario:
    return Scenario(
        start=partial(_start, function(name), row["login"]),
        title=row["title"],
        prepare=partial(_prepare, row),
        second=partial(_blockers, row),
    )


def _prepare(row: Mapping[str, Any], target: Target, options: Any) -> Facts:
    """Count the seeded users where nobody said how many there are, and see that logins aren't limited where they are many."""
    if options.users_in_database < 0:
        raise RefusedError(f"--users-in-database must be 0 or more, not {options.users_in_database}.")
    blockers = {
        "rate": options.blockers,
        "arrivals": options.blocker_arrivals,
        "ms": options.blocker_ms,
        "request": options.blocker_request,
        "client": options.blocker_client,
        "bystander": options.bystander,
        "start": options.blockers_from,
        "end": options.blockers_to,
    }
    if row.get("blockers") and not (blockers["rate"] >= 0 and 0 <= blockers["start"] <= blockers["end"] < math.inf):
        raise RefusedError(
            "--blockers, --blockers-from and --blockers-to must be 0 or more, and the last not before its beginning."
        )
    if blockers["arrivals"] not in SPREADS:
        raise RefusedError(f"--blocker-arrivals must be one of {', '.join(SPREADS)}, not {blockers['arrivals']!r}.")
    users = options.users_in_database
    if row["users"] and not users:
        users = _database.seeded_users(target)
        if row.get("cpu") == "logins":
            _database.check_unlimited(target, users)
    return {"users": users, "name": options.login_name, "password": options.login_password, "blockers": blockers}


def _blockers(row: Mapping[str, Any], facts: Mapping[str, Any]) -> Second | None:
    """Those that block, in a scenario that has them."""
    given = facts["blockers"]
    if not row.get("blockers") or not given["rate"]:
        return None
    asked = given["request"] or f"{row['blockers']['path']}?ms={given['ms']}"
    make = partial(_blocking.blocker, asked, given["client"])
    return Second(given["rate"], given["start"], given["end"], make, given["arrivals"])


def _start(function: Callable[[Context], Request], login: bool, process: Process) -> MakeRequest:
    """Log in where that is needed, and begin the lives of the users that this process creates."""
    facts = process.facts
    bystander = facts["blockers"]["bystander"]
    login = login or bystander == _blocking.WRITE
    token = _database.log_in(process.target, facts["name"], facts["password"]) if login else ""
    lifecycle, tokens = UserLifecycle(process.name, token), dict[str, str]()

    def make(random: Random) -> Request:
        return function(Context(random, facts["users"], lifecycle, bystander, tokens))

    return make
