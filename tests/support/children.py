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


def start(children: Children, folder: Path, name: str, command: list[str], cpus: list[int]) -> Child:
    """Start a command that says when it is up, and wait for that."""
    child = Child(name, command, log=folder / f"{name}.log", cpus=cpus, env=process.environment({}), cwd=folder)
    children.add(child)
    assert eventually(lambda: "up" in child.log.read_text())
    return child
