"""The keys that sign sessions: made once, whoever comes first, and their owner's alone."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from userdb import keys
from userdb.keys import KeysError

A, B = "a" * 32, "b" * 40

MAKER = """
import sys
from pathlib import Path
from userdb import keys
print("ready", flush=True)
for line in sys.stdin:
    print(*keys.load_or_create(Path(line.rstrip())), flush=True)
"""
PROCESSES, ROUNDS = 8, 25


@pytest.mark.parametrize("text", [f"{A},{B}", f"{A}\n{B}\n", f" {A} ,\n\n {B},", f"{A}\r\n{B}"])
def test_keys_in_a_text(text: str) -> None:
    assert keys.parse(text) == (A, B)


@pytest.mark.parametrize("text", ["", "\n", ",", "x" * 31, f"{A},short", f"{A}\nshort\n"])
def test_a_text_without_good_keys_says_what_is_needed(text: str) -> None:
    with pytest.raises(KeysError, match="one or more keys of at least 32 characters, the newest first") as caught:
        keys.parse(text)
    assert A not in str(caught.value)


def test_a_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "session-keys"
    made = keys.load_or_create(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == [file.name]
    assert keys.load_or_create(file) == made
    assert len(made[0]) >= keys.SHORTEST
    assert keys.load_or_create(tmp_path / "other") != made


def test_a_careless_umask_makes_it_no_one_elses(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys.load_or_create(tmp_path / "session-keys")
    finally:
        os.umask(before)
    assert (tmp_path / "session-keys").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "session-keys"
    file.write_text(f"{B}\n{A}\n")
    file.chmod(0o600)
    assert keys.load_or_create(file) == (B, A)
    assert file.read_text() == f"{B}\n{A}\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "session-keys"
    file.write_text(A)
    file.chmod(mode)
    with pytest.raises(KeysError, match=r"session-keys can be read by others than its owner: chmod 600 it"):
        keys.load_or_create(file)


@pytest.mark.parametrize("text", ["", "short"])
def test_a_file_without_good_keys_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "session-keys"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(KeysError, match=r"session-keys needs one or more keys"):
        keys.load_or_create(file)
    assert file.read_text() == text


@pytest.mark.usefixtures("processes")
def test_processes_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKER]
    with ExitStack() as exits:
        makers = [
            exits.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            )
            for _ in range(PROCESSES)
        ]
        assert [said(maker) for maker in makers] == ["ready"] * PROCESSES
        found = []
        for number in range(ROUNDS):
            for maker in makers:
                assert maker.stdin is not None
                maker.stdin.write(f"{tmp_path}/{number}/session-keys\n")
            found.append({said(maker) for maker in makers})
    assert [len(keys) for keys in found] == [1] * ROUNDS
    assert len(set.union(*found)) == ROUNDS
    for number in range(ROUNDS):
        [file] = (tmp_path / str(number)).iterdir()  # nothing of those that came second is left
        assert file.stat().st_mode & 0o777 == 0o600


def said(maker: subprocess.Popen[str]) -> str:
    """The next line of a process."""
    assert maker.stdout is not None
    return maker.stdout.readline().rstrip()
