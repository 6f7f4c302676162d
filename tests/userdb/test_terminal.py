"""Passwords that a person types at a terminal, where nobody sees them."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Sequence

import pytest

from tests.support.processes import asleep
from tests.support.waiting import eventually
from tests.userdb.tool import command, password_is, rows


def at_a_terminal(line: list[str], answers: Sequence[str]) -> tuple[int, str]:
    """Run a command at a terminal, type one answer at each prompt; its return code and all that was to be seen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        seen = ""
        for answer in answers:
            asked = seen.count(": ")
            while seen.count(": ") == asked:
                seen += os.read(ours, 1000).decode()
            # A signal that comes just before Python begins to wait for a key is heeded after the next one only.
            assert eventually(lambda: asleep(process.pid))
            os.write(ours, answer.encode())
        while shown := _rest(ours):
            seen += shown
        os.close(ours)
    return process.returncode, seen


def _rest(terminal: int) -> str:
    try:
        return os.read(terminal, 1000).decode()
    except OSError:  # the other side is closed
        return ""


@pytest.mark.usefixtures("processes")
def test_a_person_types_the_password_twice_and_nobody_sees_it(file_url: str) -> None:
    line = command("password", "user0000002", url=file_url)
    code, seen = at_a_terminal(line, ["typed at a terminal\n"] * 2)
    assert (code, seen.split()) == (0, ["Password:", "The", "same", "again:"])
    assert password_is(file_url, "user0000002", "typed at a terminal")


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (["open sesame\n", "open sesamy\n"], "not the same twice"),
        (["short\n", "short\n"], "8 to 128 characters"),
        (["\x04"], "nothing is changed"),  # Ctrl-D
        (["open sesame\n", "\x04"], "nothing is changed"),
    ],
)
def test_a_person_who_mistypes_changes_nothing(file_url: str, answers: list[str], sentence: str) -> None:
    before = rows(file_url)
    code, seen = at_a_terminal(command("password", "user0000003", url=file_url), answers)
    assert (code, sentence in seen, "Traceback" in seen) == (1, True, False)
    assert rows(file_url) == before


@pytest.mark.usefixtures("processes")
def test_ctrl_c_at_the_prompt_changes_nothing(file_url: str) -> None:
    before = rows(file_url)
    # As with a shell, the terminal is the one that controls the process: only then does Ctrl-C reach it. Whatever
    # was started in the background of a script ignores it, and so would what it starts.
    line = [
        "python3",
        "-c",
        "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
    ]
    code, seen = at_a_terminal([*line, *command("password", "user0000003", url=file_url)], ["\x03"])
    assert (code, "nothing is changed" in seen, "Traceback" in seen) == (1, True, False)
    assert rows(file_url) == before
