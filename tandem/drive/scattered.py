"""Scattered probes: requests of the contract that are asked again within windows, as the load asks, at random times.

A stack that gave the promised answers before it was measured, and others for a measurement, is found so. What is asked
depends on no login and changes nothing; whose answer the contract's own writes change is left out.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

from tandem.drive.sameness import difference, masked
from tandem.errors import RunFailed
from tandem.plan.contract import Contract, Mask, Probe
from tandem.records.setup import Load

_OWN = {"host", "connection", "user-agent", "accept-encoding", "expect", "content-length", "transfer-encoding"}
"""Headers that the load has, or that change what becomes of a connection: a probe that sets one is not asked."""

SHARE, FEWEST, MOST = 0.01, 5, 30
"""So many are asked in a window: a share of the load's arrivals, within bounds."""

SECONDS, PATIENCE = 2.0, 10.0
"""How long an answer may take in a window; later it counts as none, which says nothing of sameness. And how long before."""


class Scatter(NamedTuple):
    """Probes, what every stack answered to each before anything was measured, and what is masked in answers."""

    probes: Sequence[Probe] = ()
    expected: Sequence[bytes] = ()
    masks: Iterable[Mask] = ()


class Probed(NamedTuple):
    """What became of those of one window."""

    answered: int
    different: int
    example: str  # of what was different, as a unified diff; empty where nothing was


def askable(contract: Contract) -> list[Probe]:
    """Return the probes of a contract that can be asked at any time.

    What one of them removes after a login is left out: the load may create the same anew.
    """
    removed = {probe.target for probe in contract.probes if probe.method == "DELETE" and _is_learnt(probe)}
    return [probe for probe in contract.probes if _is_askable(probe) and probe.target not in removed]


def _is_learnt(probe: Probe) -> bool:
    return any("{" in value for _, value in probe.headers)


def _is_askable(probe: Probe) -> bool:
    names = {name.lower() for name, _ in probe.headers}
    plain = not probe.body and not probe.teaches and not _is_learnt(probe)
    return probe.method in ("GET", "HEAD") and plain and not names & _OWN


def answers(port: int, contract: Contract, probes: Sequence[Probe]) -> list[bytes]:
    """Return the masked answers to all of these, in turn. Raises RunFailed where there is none."""
    with closing(_connection(port, PATIENCE)) as connection:
        try:
            return [_masked(ask(connection, port, probe)[1], port, contract.masks) for probe in probes]
        except (OSError, http.client.HTTPException) as error:
            raise RunFailed(f"no answer to a probe that is asked as the load asks: {error}") from error


def steady(probes: Sequence[Probe], *answered: Sequence[bytes]) -> list[int]:
    """Return the places of the probes that were answered alike each time."""
    return [place for place in range(len(probes)) if len({each[place] for each in answered}) == 1]


def ask(connection: http.client.HTTPConnection, port: int, probe: Probe) -> tuple[int, bytes]:
    """Send a probe with the headers of the load, on a connection that stays, and return status and answer."""
    connection.putrequest(probe.method, probe.target, skip_host=True, skip_accept_encoding=True)
    for name, value in (*load_headers(port), *probe.headers):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in answer.msg.items())
    return answer.status, head.encode("latin-1", "replace") + b"\r\n" + body


def load_headers(port: int) -> list[tuple[str, str]]:
    """Return what the load sends with each request, in its order."""
    return [("User-Agent", "openloop"), ("Accept-Encoding", "gzip, deflate"), ("Host", f"127.0.0.1:{port}")]


def number(load: Load) -> int:
    """Return how many are asked within a window of this load."""
    return FEWEST if load.saturates else min(max(round(SHARE * load.rate * load.seconds), FEWEST), MOST)


class Prober(threading.Thread):
    """Asks some of them between two moments, seconds since the epoch; the same ones at the same times for a key."""

    def __init__(self, port: int, scatter: Scatter, *, start: float, end: float, count: int, key: str) -> None:
        super().__init__(daemon=True)
        self._port, self._scatter = port, scatter
        chosen = random.Random(key)
        places = range(len(scatter.probes))
        self._times = sorted(chosen.uniform(start, end) for _ in range(count)) if places else []
        self._places = [chosen.choice(places) for _ in self._times]
        self._answered, self._different, self._example = 0, 0, ""

    def run(self) -> None:
        """Ask each at its time."""
        with closing(_connection(self._port)) as connection:
            for moment, place in zip(self._times, self._places, strict=True):
                time.sleep(max(moment - time.time(), 0.0))
                try:
                    status, answer = ask(connection, self._port, self._scatter.probes[place])
                except (OSError, http.client.HTTPException):
                    connection.close()  # the next one opens it again
                    continue
                if status < http.HTTPStatus.INTERNAL_SERVER_ERROR:  # one that is overloaded may say so
                    self._compare(place, _masked(answer, self._port, self._scatter.masks))

    def _compare(self, place: int, answer: bytes) -> None:
        probe, expected = self._scatter.probes[place], self._scatter.expected[place]
        self._answered += 1
        if answer != expected:
            self._different += 1
            self._example = self._example or difference([probe], "before", [expected], "in the window", [answer])

    def outcome(self) -> Probed:
        """Return what became of them, once all were asked."""
        self.join(2 * SECONDS)
        return Probed(self._answered, self._different, self._example)


def _connection(port: int, seconds: float = SECONDS) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)


def _masked(answer: bytes, port: int, masks: Iterable[Mask]) -> bytes:
    return masked(answer, masks).replace(f"127.0.0.1:{port}".encode(), b"127.0.0.1:*")
