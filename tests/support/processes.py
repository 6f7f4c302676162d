"""Processes of this machine: which of them descend from one, which of them still run, and which wait."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """The ids of all processes below one."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, IndexError):
                children.setdefault(int(_stat(int(folder.name))[1]), []).append(int(folder.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found |= set(below)
        waiting += below
    return found


def server(keeper: int) -> int:
    """The process that a keeper started, where it has but one child."""
    [pid] = [
        int(name.name) for name in Path("/proc").iterdir() if name.name.isdigit() and _parent(int(name.name)) == keeper
    ]
    return pid


def _parent(pid: int) -> int:
    try:
        return int(_stat(pid)[1])
    except OSError:
        return 0


def alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be reaped does not."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def asleep(pid: int) -> bool:
    """Whether a process that runs waits for something."""
    return _stat(pid)[0] == "S"


def _stat(pid: int) -> list[str]:
    """What the kernel says of a process, from its state and its parent on. Raises OSError where there is none."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
