"""The machine: which CPUs the stack and the generator get, and what it is made of."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tandem.errors import TandemError

ONE_CPU = "only one CPU: the stack and the generator share it, so these numbers are suspect and no verdict is given"


class Layout(NamedTuple):
    """Which CPUs do what; `suspect` says why numbers taken with it can't be believed, or is None."""

    allowed: list[int]
    stack: list[int]
    generator: list[int]
    suspect: str | None


def layout(cpus: int, allowed: Sequence[int] | None = None) -> Layout:
    """Give the first `cpus` CPUs to the stack (nginx and app together) and the last one to the generator, the news
    stub and the harness.

    `allowed` are the CPUs that may be used; None stands for those that this process may use. Raises TandemError where
    they are too few.
    """
    usable = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    if len(usable) == 1 and cpus == 1:
        return Layout(usable, usable, usable, ONE_CPU)
    if cpus >= len(usable):
        raise TandemError(
            f"{cpus} CPUs for the stack and one for the generator are {cpus + 1}, and this machine allows {len(usable)}: "
            f"give --cpus {max(1, len(usable) - 1)}"
        )
    return Layout(usable, usable[:cpus], usable[-1:], None)


def _first_line(path: str, key: str, default: str) -> str:
    """Return the value of the first `key : value` line of a file under /proc."""
    with suppress(OSError):
        for line in Path(path).read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return default


def cpu_model() -> str:
    """Return the name that the CPU has in /proc/cpuinfo."""
    return _first_line("/proc/cpuinfo", "model name", platform.processor() or "unknown")


def memory_bytes() -> int:
    """Return the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def hypervisor() -> str | None:
    """Return what the machine is virtualised by, where the CPU reports that it is: the vendor's name, or `unknown`."""
    if "hypervisor" not in _first_line("/proc/cpuinfo", "flags", "").split():
        return None
    for path in ("/sys/hypervisor/type", "/sys/class/dmi/id/sys_vendor"):
        with suppress(OSError):
            name = Path(path).read_text(errors="replace").strip()
            if name:
                return name
    return "unknown"
