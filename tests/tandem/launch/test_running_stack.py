"""Running stacks: toys behind a real nginx."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tandem.errors import RunFailed, TandemError
from tandem.launch import nginx, ports, readiness, running_stack, warmup
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.observe import usage
from tandem.paths import PROJECT
from tandem.plan import stacks
from tandem.plan.definition import Definition
from tests.support import toy
from tests.support.processes import alive, server
from tests.support.waiting import PATIENCE, eventually, until

Toy = Callable[[str], tuple[Definition, StackEnvironment]]


@pytest.fixture
def toys(processes: None, tmp_path: Path) -> Toy:
    """Return what a toy of some manner needs to run."""

    def make(manner: str) -> tuple[Definition, StackEnvironment]:
        file = tmp_path / "toy.toml"
        file.write_text(toy.table("toy", manner=manner))
        cpus = sorted(os.sched_getaffinity(0))[:2]
        place = StackEnvironment(
            folder=tmp_path, logs=tmp_path, cpus=cpus, database_url="sqlite:////none.db", news_url="http://127.0.0.1:9/news",
            nginx=nginx.find(), port=ports.free_port(),
        )  # fmt: skip
        return stacks.load([file])["toy"], place

    return make


def pids(running: RunningStack) -> list[int]:
    keepers = running.keepers()
    return [*keepers, *usage.below(keepers), running.nginx.pid]


def test_a_stack_answers_through_nginx_and_is_gone_afterwards(toys: Toy) -> None:
    definition, place = toys("answer")
    with running_stack.running("toy", definition, place) as running:
        assert readiness.get(place.port, "/anything") == 200
        assert running.start_seconds > 0
        assert len(running.servers) == len(place.cpus)
        servers = [server(keeper) for keeper in running.keepers()]
        assert [os.sched_getaffinity(pid) for pid in servers] == [{cpu} for cpu in place.cpus]
        assert os.sched_getaffinity(running.nginx.pid) == set(place.cpus)
        running.check()
        started = pids(running)
    assert not any(alive(pid) for pid in started)
    assert ports.available(place.port)


def test_a_server_in_a_session_of_its_own_is_the_stacks_and_ends_with_it(toys: Toy) -> None:
    """Its CPU is counted, and nothing of it is left, although whoever started it ended at once."""
    definition, place = toys("burn")
    with running_stack.running("toy", definition, place) as running:
        # Whoever started them may end a little after they answer.
        found = until(lambda: usage.below(running.keepers()), lambda pids: len(pids) == len(place.cpus))
        assert not {os.getsid(pid) for pid in found} & {*running.keepers()}
        before = usage.read(running.keepers())
        assert eventually(lambda: usage.seconds(before, usage.read(running.keepers())) > 0.2)
        assert usage.strays(found, []) >= len(found)
        running.check()
    assert not any(alive(pid) for pid in found)


def test_every_worker_is_warmed(toys: Toy) -> None:
    definition, place = toys("answer")
    with running_stack.running("toy", definition, place) as running:
        warmup.warm(running)
        running.check()


def test_a_server_that_refuses_to_start_is_shown_with_its_last_lines(toys: Toy) -> None:
    definition, place = toys("refuse")
    with pytest.raises(RunFailed, match=r"toy server \d [\s\S]*zebra"):
        running_stack.running("toy", definition, place).__enter__()
    assert eventually(lambda: ports.available(place.port))


def test_a_uwsgi_without_python_is_a_sentence(toys: Toy) -> None:
    """What uWSGI 2.0.21 of Debian says of servers/uwsgi.ini without its package uwsgi-plugin-python3."""
    said = "[strict-mode] unknown config directive: module"
    definition, place = toys("answer")
    signs = stacks.load()["wsgi-uwsgi"].signs
    lacking = msgspec.structs.replace(definition, command=["sh", "-c", f"echo '{said}'; exit 1"], signs=signs)
    with pytest.raises(RunFailed) as raised:
        running_stack.running("toy", lacking, place).__enter__()
    assert "(exit status 1): this uWSGI has no support for Python: `make servers` installs one that has;" in str(
        raised.value
    )
    assert said in str(raised.value)
    assert "module = " in (PROJECT / "servers/uwsgi.ini").read_text()  # the directive that it doesn't know


def test_a_server_that_never_listens_is_shown_with_its_last_lines(toys: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "READY_WITHIN", 0.0)  # once it has said something, however long that takes
    definition, place = toys("silent")
    ask = readiness.get

    def late(*given: Any, **named: Any) -> int:
        assert eventually(lambda: all("thinking" in log.read_text() for log in place.logs.glob("toy-[0-9]*.log")))
        return ask(*given, **named)

    monkeypatch.setattr(readiness, "get", late)
    with pytest.raises(RunFailed, match=r"toy .* 0 s: [\s\S]*toy: thinking"):
        running_stack.running("toy", definition, place).__enter__()
    assert eventually(lambda: ports.available(place.port))


def test_a_server_that_dies_later_is_noticed(toys: Toy) -> None:
    definition, place = toys("answer")

    def work() -> None:
        with running_stack.running("toy", definition, place) as running:
            readiness.get(place.port, "/die")
            assert eventually(lambda: not all(child.running() for child in running.servers))
            running.check()

    with pytest.raises(RunFailed, match=r"toy server \d [\s\S]*dying"):
        work()


def test_a_stack_that_dies_while_it_is_warmed_is_noticed(toys: Toy) -> None:
    definition, place = toys("answer")

    def work() -> None:
        with running_stack.running("toy", definition, place) as running:
            os.killpg(running.nginx.pid, signal.SIGKILL)
            assert running.nginx.wait(PATIENCE)
            warmup.warm(running)

    with pytest.raises(RunFailed, match="toy nginx "):
        work()


def test_static_files_come_from_nginx(toys: Toy) -> None:
    definition, place = toys("answer")
    with running_stack.running("toy", definition, place):
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
        connection.request("GET", "/static/style.css")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/css"
        assert answer.read() != b"/static/style.css"
        connection.close()


def told(place: StackEnvironment) -> dict[str, str]:
    """The environment of the toy that runs in this place."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    connection.request("GET", "/environment")
    found: dict[str, str] = json.load(connection.getresponse())
    connection.close()
    return found


def test_servers_are_told_what_the_row_of_their_app_says(toys: Toy, tmp_path: Path) -> None:
    definition, place = toys("answer")
    left = place.own("toy") / "of a process that is gone"
    left.parent.mkdir()
    left.touch()
    with running_stack.running("toy", definition, place):
        environment = told(place)
        assert Path(environment["PROMETHEUS_MULTIPROC_DIR"]) == tmp_path / "own-toy"
        assert list((tmp_path / "own-toy").iterdir()) == []
    assert environment["SESSION_KEYS_FILE"] == str(tmp_path / "session-keys")
    assert environment["LOGIN_ATTEMPTS"] == "1000000"


def test_limits_are_the_apps_own_and_keys_can_be_shared(toys: Toy, tmp_path: Path) -> None:
    definition, place = toys("answer")
    with running_stack.running("toy", definition, replace(place, limits=True, shared=tmp_path / "shared")):
        environment = told(place)
    assert "LOGIN_ATTEMPTS" not in environment
    assert environment["SESSION_KEYS_FILE"] == str(tmp_path / "shared" / "session-keys")


def test_a_port_in_use_is_refused_with_what_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(TandemError, match=rf"port {number} .*WSGI_PORT"):
            ports.refuse_used(number, "--port or WSGI_PORT=NUMBER")


def test_free_ports_are_below_those_of_outgoing_connections() -> None:
    assert all(ports.free_port() in ports.BELOW_EPHEMERAL for _ in range(20))
