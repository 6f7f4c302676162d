"""Every server and interface: it starts, answers as all others do but for what its table excepts, and ends with the harness."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tandem.drive import sameness
from tandem.observe import usage
from tandem.plan import contract
from tandem.plan.contract import Probe, limited
from tandem.plan.definition import Definition, Exemption
from tests.support.answers import mask_bytes
from tests.support.apps import USERS
from tests.support.exchanges import EXCHANGES
from tests.support.headers import FORM
from tests.support.processes import alive, descendants
from tests.support.raw import request, sent
from tests.support.stacks import FIRST, KNOWN, SERVERS, USERDB, WHOLE, skip_without
from tests.support.waiting import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("processes")

CGI = [name for name in SERVERS if KNOWN[name].process_per_request]
RELOADS = [name for name in SERVERS if KNOWN[name].stats]

CONTRACT = contract.read(Path(USERDB.probes), USERS)


class Answers(NamedTuple):
    """What one stack said to all probes, and to bytes that no library would send, as far as they reach an app."""

    probes: dict[Probe, bytes]
    raw: dict[str, bytes]

    def within(self, routes: Sequence[str]) -> Answers:
        """Those about these routes, all where none are named."""
        raw = {what: self.raw[what] for what in self.raw if is_within(EXCHANGES[what][0], routes)}
        return Answers({probe: self.probes[probe] for probe in limited(CONTRACT, routes).probes}, raw)


class Served(NamedTuple):
    """A stack that a harness of its own serves."""

    name: str
    stack: Definition
    port: int
    harness: subprocess.Popen[str]


@contextmanager
def served(name: str, folder: Path, seeded: Path, news_url: str) -> Iterator[Served]:
    """Start a harness that serves this stack; it is killed, if no test has."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.support.harness", name, str(folder), str(seeded), news_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        try:
            said = harness.stdout.readline()
            assert said.strip().isdigit(), said + harness.stdout.read()
            yield Served(name, KNOWN[name], int(said), harness)
        finally:
            harness.kill()


@pytest.fixture(scope="module")
def promised(seeded: Path, news_url: str, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What the first stack answers."""
    with served(FIRST, tmp_path_factory.mktemp("first") / FIRST, seeded, news_url) as first:
        return asked(first)


@pytest.fixture(scope="module", params=SERVERS)
def running(
    request: pytest.FixtureRequest,
    promised: Answers,
    seeded: Path,
    news_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """Each stack in turn; what is missing for one is said."""
    skip_without(f"the server of {request.param}", KNOWN[request.param].needs)
    with served(request.param, tmp_path_factory.mktemp("servers") / request.param, seeded, news_url) as found:
        yield found


def asked(running: Served) -> Answers:
    """Send all probes and all odd bytes that reach an app."""
    routes = running.stack.routes
    asked = {what: data for what, (data, _) in EXCHANGES.items() if is_within(data, routes)}
    promise = limited(CONTRACT, routes)
    found = sameness.answers(running.port, promise)
    raw = {what: mask_bytes(sent(running.port, data)) for what, data in asked.items()}
    return Answers(dict(zip(promise.probes, found, strict=True)), raw)


def raw_line(data: bytes) -> str:
    """Method and target of the first request among these bytes."""
    return data.partition(b" HTTP/")[0].decode("latin-1")


def is_within(data: bytes, routes: Sequence[str]) -> bool:
    """Whether all requests among these bytes are about these routes; all are where none are named."""
    paths = [path.decode("latin-1") for path in re.findall(rb"[A-Z]+ ([^ ?]+)[^ ]* HTTP/", data)]
    return not routes or (bool(paths) and all(path in routes for path in paths))


def excepted(stack: Definition, answers: Answers) -> Answers:
    """The answers without what the stack's server is excepted from."""
    raw = dict(answers.raw)
    for each in stack.exemptions:
        raw = {what: each.mask(raw_line(EXCHANGES[what][0]), answer) for what, answer in raw.items()}
    probes = list(answers.probes)
    masked = sameness.exempted(probes, list(answers.probes.values()), stack.exemptions)
    return Answers(dict(zip(probes, masked, strict=True)), raw)


def test_it_answers_as_all_others_but_for_what_its_table_says(running: Served, promised: Answers) -> None:
    found = asked(running)
    promised = promised.within(running.stack.routes)
    assert len(found.probes) > 5
    ours, theirs = excepted(running.stack, found), excepted(running.stack, promised)
    values = list(theirs.probes.values()), list(ours.probes.values())
    assert sameness.difference(list(ours.probes), FIRST, values[0], running.name, values[1]) == ""
    assert {what: ours.raw[what] for what in ours.raw if ours.raw[what] != theirs.raw[what]} == {}
    unused = [each.case for each in running.stack.exemptions if not is_used(each, running.stack, found, promised)]
    assert unused == []


def is_used(exemption: Exemption, stack: Definition, found: Answers, promised: Answers) -> bool:
    """Whether something would be different without this exemption: one that is no longer needed is to be removed."""
    rest = [each for each in stack.exemptions if each is not exemption]
    without = type(stack)(**{**{name: getattr(stack, name) for name in stack.__struct_fields__}, "exemptions": rest})
    return excepted(without, found) != excepted(without, promised)


FORGED = {
    "X-Forwarded-Proto": "https", "X_Forwarded_Proto": "https", "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example", "X_Forwarded_Host": "evil.example", "X-Forwarded-Ssl": "on",
    "Forwarded": "proto=https;host=evil.example",
    "X-Forwarded-Prefix": "/evil", "Script-Name": "/evil", "Https": "on",
}  # fmt: skip


@pytest.mark.parametrize("running", WHOLE, indirect=True)
def test_what_a_client_says_of_its_way_here_is_not_believed(running: Served) -> None:
    """A forged scheme would mark the cookie for TLS alone, a forged host would let in the form of another site."""
    page = sent(running.port, request("GET", "/login", FORGED))
    assert page.startswith(b"HTTP/1.1 200 ")
    [cookie] = re.findall(rb"(?im)^set-cookie: (session=[^\r\n]*)", page)
    assert b"Secure" not in cookie
    assert b"evil" not in page
    [token] = re.findall(rb'name="csrf" value="([^"]+)"', page)
    form = b"username=admin&password=wrong&csrf=" + token
    for origin, status in (("http://evil.example", b"403"), ("http://localhost", b"401")):
        headers = {**FORGED, **FORM, "Cookie": cookie.partition(b";")[0].decode(), "Origin": origin}
        assert sent(running.port, request("POST", "/login", headers, form)).startswith(b"HTTP/1.1 " + status), origin


@pytest.mark.parametrize("running", CGI, indirect=True)
def test_what_programs_for_single_requests_used_is_counted(running: Served) -> None:
    """Their gateway does not wait for them; without that, the CPU of a program that has ended is nobody's."""
    before = usage.read([running.harness.pid])
    for _ in range(3):
        assert sent(running.port, request("GET", "/healthz")).startswith(b"HTTP/1.1 200 ")
    assert eventually(lambda: usage.seconds(before, usage.read([running.harness.pid])) > 3 * nothing(), 60)


def nothing() -> float:
    """CPU seconds of a Python that is started and does nothing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("running", RELOADS, indirect=True)
def test_uwsgi_takes_new_code_at_sighup(running: Served) -> None:
    """Its master starts itself anew, in the environment that it was started in."""
    before = {each.pid: each.parent for each in usage.scan() if each.pid in descendants(running.harness.pid)}
    workers = [pid for pid, parent in before.items() if before.get(before.get(parent, 0)) == running.harness.pid]
    assert len(workers) == 1  # below harness, keeper and master
    os.kill(before[workers[0]], signal.SIGHUP)
    assert eventually(lambda: not alive(workers[0]))

    def answers() -> bool:
        with suppress(OSError):
            return sent(running.port, request("GET", "/healthz")).startswith(b"HTTP/1.1 200 ")
        return False

    assert eventually(answers, 60)


def test_nothing_is_left_when_the_harness_is_killed(running: Served) -> None:
    """In the middle of its work: somebody asks, again and again, until nobody answers."""
    answered = threading.Event()

    def asking() -> None:
        with suppress(OSError):
            while sent(running.port, request("GET", "/api/add?a=1&b=2")).startswith(b"HTTP/1.1 200 "):
                answered.set()

    with ThreadPoolExecutor(2) as pool:
        clients = [pool.submit(asking) for _ in range(2)]
        assert answered.wait(PATIENCE)
        started = descendants(running.harness.pid)
        assert len(started) >= 3  # a keeper, a server, nginx
        running.harness.kill()
        assert eventually(lambda: not any(alive(pid) for pid in started)), running.name
        assert all(each.exception() is None for each in clients)
