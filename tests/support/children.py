"""Children of the harness that do one thing each, for tests of what it sees of them."""

from __future__ import annotations

import sys
from pathlib import Path

from tandem.launch import process
from tandem.launch.process import Child, Children
from tests.support.waiting import eventually

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
"""A command that says so when it is up, and goes on for far longer than any test."""

BURN = [sys.executable, "-c", "print('up', flush=True)\nwhile True: pass"]
"""The same, and keeps a CPU busy."""

DAEMON = """
import os, signal, sys, time
heard, told = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(1, f"up {{os.getpid()}}\\n".encode())  # at once: who reads "up" can read the number
        os.write(told, b"up")
        time.sleep(60)
    os._exit(0)
os.wait()
os.read(heard, 2)
time.sleep({seconds})
sys.exit({status})
"""
"""Starts a process in a session of its own, of which nobody is left above, and ends or goes on; SIGTERM doesn't end it."""


def daemon(seconds: int, status: int = 0, first: str = "") -> list[str]:
    """A command that does so, and ends or goes on for so many seconds; `first` is what it does before that."""
    return [sys.executable, "-c", first + DAEMON.format(seconds=seconds, status=status)]


def child(
    folder: Path, command: list[str], name: str = "child", cpus: list[int] | None = None, kept: bool = False
) -> Child:
    """Start a child that logs into the test's folder."""
    log = folder / f"{name}.log"
    return Child(name, command, log=log, cpus=cpus or [], env=process.environment({}), cwd=folder, kept=kept)


def up(each: Child) -> bool:
    """Whether it has said so."""
    return "up" in each.log.read_text()


def start(children: Children, folder: Path, name: str, command: list[str], cpus: list[int]) -> Child:
    """Start a command that says when it is up, and wait for that."""
    found = children.add(child(folder, command, name, cpus))
    assert eventually(lambda: up(found))
    return found
