"""The terminal: a question that nobody answers goes on."""

from __future__ import annotations

import os
import pty

import pytest

from tandem.cli import console


@pytest.mark.parametrize(("always", "stops"), [(False, False), (True, True)])
def test_without_a_terminal_a_line_says_what_happens(
    always: bool, stops: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert console.stop_instead("in vain", always) is stops
    assert "in vain" in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "stops"), [(b"y\n", True), (b"n\n", False), (b"", False)])
def test_on_a_terminal_it_asks_and_no_answer_means_to_go_on(
    typed: bytes, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "ANSWER_SECONDS", 0.2)
    ours, theirs = pty.openpty()
    with open(theirs, closefd=True) as terminal, open(os.dup(theirs), "w") as shown:
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr("sys.stdout", shown)
        os.write(ours, typed)
        assert console.stop_instead("in vain", False) is stops
    os.close(ours)
