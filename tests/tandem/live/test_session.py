"""What a live session refuses before anything starts, and which CPUs it takes."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from tandem.cli import main
from tandem.errors import TandemError
from tandem.live import session
from tandem.live.session import LiveOptions, lane_cpus
from tandem.plan import kinds, stacks
from tests.support.stacks import USERDB

KNOWN = stacks.load()
BOTH = {name: KNOWN[name] for name in ("wsgi-gthread", "asgi")}


def options(port: int = 8090) -> LiveOptions:
    """How to show them."""
    return LiveOptions(port=port, rate=40, seed=1)


def test_a_port_in_use_is_said_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(TandemError, match=rf"port {other.getsockname()[1]} .*--port"):
            session.check(BOTH, options(other.getsockname()[1]))


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (["--stacks", "asgi"], "--stacks A,B"),
        (["--stacks", "asgi,none"], "stack 'none'"),
    ],
)
def test_a_wrong_call_is_a_sentence(given: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["live", *given]) == 2
    assert part in capsys.readouterr().err


def test_five_lanes_have_no_room() -> None:
    with pytest.raises(TandemError, match="not 5"):
        session.check({str(each): KNOWN["asgi"] for each in range(5)}, options())


def test_an_app_without_blockers_can_t_be_shown() -> None:
    plain = msgspec.structs.replace(KNOWN["asgi"], application=msgspec.structs.replace(USERDB, lab={}))
    with pytest.raises(TandemError, match=f"'{USERDB.title}' .* `lab`"):
        session.check({"a": plain, "b": plain}, options())


def test_each_lane_has_a_cpu_of_its_own_where_there_are_enough() -> None:
    assert lane_cpus(2, [0, 1, 2, 3]) == ([[0], [1]], [3])
    assert lane_cpus(2, [4, 5]) == ([[4], [5]], [4, 5])
    assert lane_cpus(2, [7]) == ([[7], [7]], [7])
    assert lane_cpus(3, [0, 1]) == ([[0], [0], [0]], [1])


def test_the_kinds_are_those_of_the_load_test() -> None:
    found = kinds.load(USERDB.load_test)
    assert found["sleep-in-handler"].planted is not None
    assert {kind.stall for kind in found.values()} >= {"", "wait", "native"}


def test_a_load_test_without_kinds_is_named(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"lab\.toml"):
        kinds.load(tmp_path)
