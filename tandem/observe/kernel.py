"""The kernel: what it says about the machine's CPUs, each figure read directly. None: not available on this host.

What is *not* read: the busy time of /proc/stat and of the root's `cpu.stat` in cgroup v2. Both are sampled by ticks (in the
kernel: root_cgroup_cputime), and a program that wakes by a timer hides from ticks or is always hit by them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""The PID namespace that the kernel starts with (PROC_PID_INIT_INO): from there every process can be seen."""


def text(path: Path) -> str:
    """Return a file's text, stripped; "" where it can't be read."""
    with suppress(OSError):
        return path.read_text(errors="replace").strip()
    return ""


def per_cpu_nanoseconds(cpus: Iterable[int]) -> int | None:
    """Return the CPU time that all tasks of the machine have spent on these CPUs: cgroup v1, the root's cpuacct.

    Only the root of the machine has the file `cgroup.sane_behavior`; a container's own group doesn't count the others.
    """
    for name in ("cpuacct", "cpu,cpuacct", "cpuacct,cpu"):
        folder = CGROUP / name
        spent = text(folder / "cpuacct.usage_percpu").split()
        if spent and (folder / "cgroup.sane_behavior").exists():
            return sum(int(spent[cpu]) for cpu in cpus) if max(cpus, default=0) < len(spent) else None
    return None


def unified() -> Path | None:
    """Return where cgroup v2 is mounted."""
    return next((folder for folder in (CGROUP, CGROUP / "unified") if (folder / "cgroup.procs").exists()), None)


def by_group() -> tuple[int, set[int]] | None:
    """Return the CPU nanoseconds of all groups below the root of cgroup v2, processes that have ended included, and the
    ids of the processes that are in none of them.

    Only the root of the machine lacks the file `cgroup.events`. None in a container, and where there are no groups.
    """
    root = unified()
    if root is None or (root / "cgroup.events").exists():
        return None
    groups = [_value(folder / "cpu.stat", "usage_usec") for folder in root.iterdir() if folder.is_dir()]
    if not groups:
        return None
    return 1000 * sum(spent or 0 for spent in groups), {int(pid) for pid in text(root / "cgroup.procs").split()}


def all_processes_are_visible() -> bool:
    """Tell whether /proc shows every process of the machine: no container's, and not mounted with hidepid."""
    with suppress(OSError):
        return os.readlink(PROC / "self/ns/pid") == FIRST_PID_NAMESPACE and bool(text(PROC / "1/stat"))
    return False


WaitingTimes = dict[tuple[int, int], int]
"""Nanoseconds by process and thread id."""


def waiting(pids: Iterable[int]) -> WaitingTimes | None:
    """Return how long each thread of these processes was ready to run and waited for a CPU (schedstat, second field)."""
    found, ran = {}, 0
    for pid in pids:
        for task in _entries(PROC / str(pid) / "task"):
            fields = text(task / "schedstat").split()
            if len(fields) == 3:
                found[pid, int(task.name)] = int(fields[1])
                ran += int(fields[0])
    # A kernel that doesn't keep these figures shows `0 0 0` for every thread.
    return found if ran else None


def waited_seconds(before: WaitingTimes, after: WaitingTimes) -> float:
    """Return the seconds waited between two readings; what a thread waited that ended in between is not known."""
    # A thread that shows less than before is another one with the same id.
    return sum(now - then if now >= (then := before.get(task, 0)) else now for task, now in after.items()) / 1e9


def steal_seconds(cpus: Iterable[int]) -> float | None:
    """Return the time that the hypervisor took from these CPUs, in ticks of 10 ms (/proc/stat)."""
    lines = {fields[0]: fields for line in text(PROC / "stat").splitlines() if (fields := line.split())}
    try:
        return sum(int(lines[f"cpu{cpu}"][8]) for cpu in cpus) / os.sysconf("SC_CLK_TCK")
    except (KeyError, IndexError):
        return None


def pressure_seconds() -> float | None:
    """Return the time in which some task of the machine waited for a CPU (PSI)."""
    for line in text(PROC / "pressure/cpu").splitlines():
        if line.startswith("some "):
            return int(line.rpartition("total=")[2]) / 1e6
    return None


def throttled_seconds() -> float | None:
    """Return the time that CPU quotas held this process's group and those above it back, summed over CPUs."""
    folders = [folder for folder in own_groups() if (folder / "cpu.stat").exists()]
    if not folders:
        return None
    nanoseconds = sum(_value(folder / "cpu.stat", "throttled_time") or 0 for folder in folders)  # v1
    microseconds = sum(_value(folder / "cpu.stat", "throttled_usec") or 0 for folder in folders)  # v2
    return nanoseconds / 1e9 + microseconds / 1e6


def quota_cpus() -> float | None:
    """Return how many CPUs the smallest quota over this process allows; None where there is none."""
    found = []
    for folder in own_groups():
        v2 = text(folder / "cpu.max").split()
        v1 = [text(folder / "cpu.cfs_quota_us"), text(folder / "cpu.cfs_period_us")]
        for pair in (v2, v1):
            if len(pair) == 2 and pair[0].isdigit() and pair[1].isdigit():
                found.append(int(pair[0]) / int(pair[1]))
    return min(found, default=None)


def own_groups() -> Iterator[Path]:
    """Yield the folders of this process's groups that can limit its CPU, from the innermost out to the mount."""
    for line in text(PROC / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = _mount(controllers)
        if mount is not None:
            inner = mount / path.lstrip("/")
            # A path from outside a container's namespace does not exist in it; the mount is its own group then.
            yield from (
                folder for folder in (inner, *inner.parents) if folder.is_relative_to(mount) and folder.is_dir()
            )


def _mount(controllers: str) -> Path | None:
    if not controllers:
        return unified()
    return next((CGROUP / name for name in (controllers, "cpu") if (CGROUP / name).is_dir()), None)


def _value(file: Path, key: str) -> int | None:
    """Return the number behind a key of a file such as `cpu.stat`."""
    for line in text(file).splitlines():
        name, _, number = line.partition(" ")
        if name == key:
            return int(number)
    return None


def _entries(folder: Path) -> Sequence[Path]:
    with suppress(OSError):
        return list(folder.iterdir())
    return []
