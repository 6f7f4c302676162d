"""The accept queue of a real socket from which nobody accepts, as it is sampled from outside."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from stalls import backlog as sockets
from tandem.launch import ports
from tandem.observe import backlog
from tandem.observe.backlog import Sampler
from tandem.records import journal
from tandem.records.backlog import Sample, Unread
from tests.support.waiting import eventually


def test_a_socket_that_nobody_accepts_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Sample | Unread] = []
    look = backlog.look

    def noting(ports: set[int]) -> Sample | Unread:
        looks.append(look(ports))
        return looks[-1]

    monkeypatch.setattr(backlog, "look", noting)
    file = tmp_path / "backlog.jsonl"
    with ExitStack() as exits:
        servers = [exits.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16)) for _ in range(2)]
        listening = [server.getsockname()[1] for server in servers]
        for port in (listening[0], listening[0], listening[1]):
            exits.enter_context(socket.create_connection(("127.0.0.1", port)))
        with Sampler(listening, file):
            assert eventually(lambda: len(looks) >= 3)
    found = list(journal.lines(file, Sample | Unread))
    assert found == looks
    assert [each.waiting for each in found if isinstance(each, Sample)] == [3] * len(found)
    moments = [each.at for each in found if isinstance(each, Sample)]
    assert moments == sorted(moments)


def test_what_can_t_be_known_is_said_once_and_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "backlog.jsonl"
    with Sampler([], file):
        assert eventually(file.exists)
    (unix,) = journal.lines(file, Sample | Unread)
    assert "Unix sockets" in unix.why
    nobody = backlog.look({ports.free_port()})
    assert isinstance(nobody, Unread)
    assert "listens" in nobody.why
    monkeypatch.setattr(sockets, "SOCK_DIAG", 31)
    elsewhere = backlog.look({80})
    assert isinstance(elsewhere, Unread)
    assert os.strerror(errno.EPROTONOSUPPORT) in elsewhere.why
