"""All that a locustfile imports; README.md shows how."""

from __future__ import annotations

from openloop.answer import Answer, WrongAnswerError, equal
from openloop.crowd import Manner
from openloop.offered import offer
from openloop.request import Request
from openloop.scenario import Process, Scenario
from openloop.second import Second
from openloop.target import RefusedError, Target
from openloop.user import OpenLoopUser

__all__ = [
    "Answer",
    "Manner",
    "OpenLoopUser",
    "Process",
    "RefusedError",
    "Request",
    "Scenario",
    "Second",
    "Target",
    "WrongAnswerError",
    "equal",
    "offer",
]
