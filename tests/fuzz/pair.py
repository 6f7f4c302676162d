"""Two stacks on equal databases, and whether they answer alike."""

from __future__ import annotations

import argparse
import http.client
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tandem.launch import running_stack
from tandem.plan import needs
from tandem.plan import stacks as tandem_stacks
from tandem.plan.definition import Exemption
from tests.fuzz import counts, seed
from tests.fuzz.stack import Stack
from tests.fuzz.step import Step, curl, written
from tests.fuzz.tally import Tally
from tests.support import database
from tests.support.answers import Answer
from tests.support.stacks import environment_for

NAMES = ("wsgi-gthread", "asgi")
TUNED = ("wsgi-direct", "asgi-direct")
ATTEMPTS = 3
"""To log in under one name, so that a short sequence comes to an end of them."""

STILL_THERE = Step("connection", written("GET", "/healthz", [("Host", "localhost")]))
"""Asked after every sequence, so that a connection which it lost is missed before the next one."""


def _target(request: bytes) -> bytes:
    return request.split(b" ", 2)[1]


def _headers(request: bytes) -> list[bytes]:
    return request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]


ODD: Mapping[str, Callable[[bytes], bool]] = {
    "GET /healthz?control": lambda asked: any(
        re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", each) for each in _headers(asked)
    ),
    "GET /healthz?twice": lambda asked: sum(each.lower().startswith(b"content-type:") for each in _headers(asked)) > 1,
    "GET /healthz?hundred": lambda asked: len(_headers(asked)) > 90,
    "GET /api/events/ws?last_event_id=x": lambda asked: any(
        each.lower().startswith(b"upgrade:") and b"websocket" in each.lower() for each in _headers(asked)
    ),
    "GET //healthz?slashes": lambda asked: _target(asked).startswith(b"//"),
    "GET /healthz#fragment": lambda asked: b"#" in _target(asked),
    "GET /healthz?<>": lambda asked: bool({*b'"<>`'} & {*_target(asked)}),
}
"""Probes that servers are excepted from, and which requests of the fuzzer are of the same kind."""


@dataclass
class Pair:
    """Both stacks, what their servers are excepted from, and what was counted."""

    stacks: Mapping[str, Stack]
    exemptions: Sequence[Exemption] = ()
    counting: bool = False  # whether what the stacks count is compared after each sequence, which takes its time
    tally: Tally = field(default_factory=Tally)

    def replay(self, sequence: Sequence[Step]) -> tuple[int, str] | None:
        """Ask a sequence on databases as they were seeded. Where anything differs: how many requests it took, and what."""
        for stack in self.stacks.values():
            stack.reset()
        before = self.counted() if self.counting else []
        for number, step in enumerate([*sequence, STILL_THERE], 1):
            if told := self.difference(step):
                return self._blamed(sequence, number, told)
        told = self.left_behind() or (self.counted_apart(before) if self.counting else None)
        return (len(sequence), f"{curl(sequence[-1].request)}\n\n{told}") if told else None

    def _blamed(self, sequence: Sequence[Step], number: int, told: str) -> tuple[int, str]:
        """How many requests a difference took: of a lost connection the one before is to blame, which left it open."""
        lost = [name for name, stack in self.stacks.items() if stack.lost]
        if not lost or number == 1:
            return min(number, len(sequence)), told
        request = curl(sequence[number - 2].request)
        return number - 1, f"{request}\n\nsaid that the connection stays open, and lost it: {', '.join(lost)}"

    def difference(self, step: Step) -> str | None:
        """Ask both the same at once, unless one may let it through; return what is wrong with the answers, or None."""
        if self.may_be_let_through(step):
            return None
        sent = {name: self._send(stack, step.request) for name, stack in self.stacks.items()}
        found = {name: sent[name] or self._receive(stack) for name, stack in self.stacks.items()}
        first, second = found.values()
        status = first.status if isinstance(first, Answer) else 0
        self.tally.count(step, status)
        broken = [each for each in found.values() if not isinstance(each, Answer) or each.status >= 500]
        self.tally.faults += len(broken)
        if not broken and self._alike(step, first, second):
            return None
        self.tally.differences += 1
        return "\n\n".join([curl(step.request), *(f"--- {name}\n{answer}" for name, answer in found.items())])

    def may_be_let_through(self, step: Step) -> bool:
        """Whether it is of a kind that one of the servers may take and the other refuse, which changes all that follows."""
        probes = {probe for each in self.exemptions for probe in each.requests}
        return any(probe in probes and is_odd(step.request) for probe, is_odd in ODD.items())

    def _alike(self, step: Step, first: Answer | str, second: Answer | str) -> bool:
        if not isinstance(first, Answer) or not isinstance(second, Answer):
            return False
        return first.is_like(self.excepted(step, first, second))

    def excepted(self, step: Step, first: Answer, second: Answer) -> Answer:
        """The second answer as the first one has it, where they differ in nothing but what a server is excepted from."""
        line = step.request.partition(b" HTTP/")[0].decode("latin-1")
        ours, theirs = first.as_sent(), second.as_sent()
        for each in self.exemptions:
            ours, theirs = each.mask(line, ours), each.mask(line, theirs)
        return replace(first, times=second.times) if ours == theirs else second

    def left_behind(self) -> str | None:
        """Say in which rows the databases differ, if in any."""
        if not any(stack.database.is_changed() for stack in self.stacks.values()):
            return None
        first, second = (stack.database.contents(seed.HASH) for stack in self.stacks.values())
        if first == second:
            return None
        self.tally.differences += 1
        rows = database.difference(first, second)
        return "all were answered alike, but the databases differ: - {}, + {}\n{}".format(*self.stacks, rows)

    def read_all(self) -> str | None:
        """Read all users, page by page; return what is wrong with an answer, or None."""
        for after in range(0, 2 * seed.USERS, 20):
            target = f"/api/users?after={after}&limit=20"
            if told := self.difference(Step("read all", written("GET", target, [("Host", "localhost")]))):
                return told
        return None

    def counted(self) -> list[Counter[str]]:
        """What each stack has counted so far."""
        return [counts.read(stack.port) for stack in self.stacks.values()]

    def counted_apart(self, before: list[Counter[str]]) -> str | None:
        """Say what the stacks have counted differently since, if anything."""
        first, second = (after - began for after, began in zip(self.counted(), before, strict=True))
        if first == second:
            return None
        self.tally.differences += 1
        rows = counts.difference(first, second)
        return "all were answered alike, but counted differently at /metrics by {} and {}:\n{}".format(
            *self.stacks, rows
        )

    def _send(self, stack: Stack, request: bytes) -> str | None:
        try:
            stack.send(request)
        except OSError as error:
            stack.fail(error)
            return f"not sent: {error!r}"
        return None

    def _receive(self, stack: Stack) -> Answer | str:
        try:
            return stack.receive()
        except (OSError, http.client.HTTPException) as error:
            stack.fail(error)
            return f"no answer: {error!r}"


def named(text: str) -> tuple[str, str]:
    """Two stacks of the whole app, with a comma between them. Raises ArgumentTypeError where they can't both run here."""
    known = {name: stack for name, stack in tandem_stacks.load([]).items() if not stack.routes}
    first, _, second = (each.strip() for each in text.partition(","))
    if first == second or not {first, second} <= known.keys():
        raise argparse.ArgumentTypeError(
            f"two of these are needed, with a comma between them, not {text!r}: {', '.join(known)}"
        )
    for name in (first, second):
        if lacking := needs.lacking(known[name].needs):
            raise argparse.ArgumentTypeError(f"the server of {name}: {lacking}")
    return first, second


@contextmanager
def running(folder: Path, news_url: str, names: tuple[str, str] = NAMES) -> Iterator[Pair]:
    """Start both stacks behind nginx, each on a copy of one seeded database and, where there are two, a CPU of its own."""
    cpus = sorted(os.sched_getaffinity(0))
    seeded, known = seed.snapshot(folder), tandem_stacks.load([])
    with ExitStack() as exits:
        stacks = {}
        for name, cpu in zip(names, (cpus[0], cpus[-1]), strict=True):
            (folder / name).mkdir()
            place = replace(
                environment_for(folder / name, seeded, news_url),
                cpus=[cpu],
                more={"LOGIN_ATTEMPTS": str(ATTEMPTS)},  # nginx, which counts time, refuses none
            )
            running = exits.enter_context(running_stack.running(name, known[name], place))
            stacks[name] = Stack(running.port, folder / name / "users.db", seeded)
            exits.callback(stacks[name].close)
        yield Pair(stacks, [each for name in names for each in known[name].exemptions])
