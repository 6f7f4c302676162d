"""The CPU topology: which CPUs are hyperthreads of one core, as the kernel lists it below /sys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

SYSTEM_CPUS = Path("/sys/devices/system/cpu")

Siblings = Mapping[int, Sequence[int]]
"""By CPU, the CPUs that are hyperthreads of the same core, itself included."""


def thread_siblings(cpus: Iterable[int]) -> dict[int, list[int]]:
    """Return the hyperthreads of the core of each CPU; a CPU of which the kernel tells nothing is alone."""
    found = {}
    for cpu in cpus:
        listed = ""
        with suppress(OSError):
            listed = (SYSTEM_CPUS / f"cpu{cpu}/topology/thread_siblings_list").read_text()
        found[cpu] = cpu_list(listed) or [cpu]
    return found


def with_siblings(cpus: Iterable[int]) -> list[int]:
    """Return these CPUs and all that share a core with one of them."""
    return sorted({each for shared in thread_siblings(cpus).values() for each in shared})


def cpu_list(text: str) -> list[int]:
    """Read a list as the kernel writes it: `0-2,5` is 0, 1, 2, 5."""
    found: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first:
            found.extend(range(int(first), int(last or first) + 1))
    return found
