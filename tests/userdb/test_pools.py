"""Each process tells its pools to whoever asks, and one that can't is left out of the sum."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from userdb import metrics, pools
from userdb.pools import State, Teller

OWN = {"reading": State(3, 1, 2, 4), "slots": State(1, None, None, None)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One whose path is longer than the address of a socket may be."""
    found = tmp_path / ("long" * 30)
    found.mkdir()
    return found


def told(folder: Path | None) -> dict[str, float]:
    """The samples of all pools."""
    lines = [line.split() for line in metrics.text(folder, lambda: OWN).decode().splitlines() if line[:5] == "pool_"]
    return {name: float(value) for name, value in lines}


def test_all_are_added_up_and_what_is_not_known_is_left_out(folder: Path) -> None:
    other = {"reading": State(1, 3, 0, 4), "writing": State(0, 1, 0, 1)}
    with closing(Teller(folder, lambda: OWN)):
        second = Teller(folder, lambda: other)
        found = told(folder)
        second.close()
        assert told(folder) == {"pool_processes": 1, **{name: value for name, value in told(None).items()}}
    assert found == {
        "pool_processes": 2,
        'pool_in_use{pool="reading"}': 4, 'pool_idle{pool="reading"}': 4, 'pool_waiting{pool="reading"}': 2,
        'pool_limit{pool="reading"}': 8, 'pool_in_use{pool="writing"}': 0, 'pool_idle{pool="writing"}': 1,
        'pool_waiting{pool="writing"}': 0, 'pool_limit{pool="writing"}': 1, 'pool_in_use{pool="slots"}': 1,
    }  # fmt: skip
    assert not list(folder.iterdir())


def test_who_was_killed_or_says_nothing_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(tmp_path / "pools_killed.sock"))
    with socket.socket(socket.AF_UNIX) as stopped, closing(Teller(tmp_path, lambda: OWN)):
        stopped.bind(str(tmp_path / "pools_stopped.sock"))
        stopped.listen()
        (tmp_path / "pools_0.sock").touch()  # no socket at all
        assert told(tmp_path)["pool_processes"] == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["pools_stopped.sock"]


def test_where_there_can_be_no_socket_all_else_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    teller = Teller(tmp_path / "nowhere", lambda: OWN)
    assert told(tmp_path) == {"pool_processes": 0}
    teller.close()
    assert "are not counted in /metrics" in caplog.text
