"""Where servers listen: ports and sockets, and where no socket can be."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.launch import sockets
from tandem.plan import stacks
from tandem.plan.definition import Definition
from tests.support import toy


@pytest.fixture
def stack(tmp_path: Path) -> Definition:
    """A stack that listens at a socket."""
    table = toy.table("one").replace("threads = 4", 'threads = 4\nlisten = "unix"').replace('"{port}"', '"{socket}"')
    (tmp_path / "one.toml").write_text(table)
    return stacks.load([tmp_path / "one.toml"])["one"]


def test_a_socket_lies_in_the_stacks_own_folder(stack: Definition, tmp_path: Path) -> None:
    place = sockets.place(stack, tmp_path, 2)
    assert place.address == f"unix:{tmp_path}/2.socket"
    assert stack.filled_command(1, place.filled)[2] == str(tmp_path / "2.socket")
    assert not place.listens()
    if len(str(place.path)) <= sockets.LONGEST_PATH:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(place.path))
            server.listen()
            assert place.listens()


def test_a_path_that_is_too_long_is_a_sentence(stack: Definition, tmp_path: Path) -> None:
    folder = tmp_path / ("a" * sockets.LONGEST_PATH)
    folder.mkdir()
    with pytest.raises(TandemError, match=rf"{folder}.* {sockets.LONGEST_PATH} "):
        sockets.place(stack, folder, 1)


def test_a_folder_that_is_not_writable_is_a_sentence(
    stack: Definition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(TandemError, match=rf"{tmp_path}: .*not writable"):
        sockets.place(stack, tmp_path, 1)


def test_the_command_must_say_the_socket(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(toy.table("one").replace("threads = 4", 'threads = 4\nlisten = "unix"'))
    with pytest.raises(TandemError, match=r"one\.toml.*\{socket\}"):
        stacks.load([tmp_path / "one.toml"])
