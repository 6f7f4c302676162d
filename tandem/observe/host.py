"""The host: what this machine is made of."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path


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
    return _first_line("/proc/cpuinfo", "model name", "") or platform.processor() or "unknown"


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
