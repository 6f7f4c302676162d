"""A check: one thing about this machine that was examined before a run, and what it means for one."""

from __future__ import annotations

from typing import Literal, NamedTuple

CheckState = Literal["ok", "note", "bad"]


class Check(NamedTuple):
    """One thing that was examined. `bad`: a run fails or gives no verdicts; `note`: the numbers are worth less."""

    name: str
    state: CheckState
    text: str  # what was found, what it means for a run, and what to do
