"""Resources: what can be said about memory, disk, files and ports before a run. Each function looks at one thing."""

from __future__ import annotations

import shutil
from pathlib import Path

from tandem.doctor.check import Check
from tandem.launch import ports
from tandem.observe import kernel

GIGABYTE = 10**9
OPEN_FILES = 4096
"""Descriptors that a server needs with 1,000 requests in flight, each with a connection on either side."""

EPHEMERAL_PORTS = 10_000
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "virtiofs"}
"""File systems on which SQLite's log has no shared memory or no sound locks."""


def _memory() -> dict[str, int]:
    """Return /proc/meminfo in bytes."""
    lines = (line.partition(":") for line in kernel.text(kernel.PROC / "meminfo").splitlines())
    return {name: int(value.split()[0]) * 1024 for name, _, value in lines if value.split()}


def memory() -> Check:
    """Look at the memory that is free."""
    free = _memory().get("MemAvailable")
    if free is None:
        return Check("memory", "note", "how much is free is not available on this host")
    text = f"{free / GIGABYTE:.1f} GB available"
    if free < GIGABYTE:
        return Check("memory", "bad", f"{text}: a run takes about 1 GB, and without it everything waits for the disk")
    return Check("memory", "ok", text)


def swap() -> Check:
    """Look whether anything is swapped out."""
    found = _memory()
    used = found.get("SwapTotal", 0) - found.get("SwapFree", 0)
    if used > 0:
        text = (
            f"{used / GIGABYTE:.2f} GB in use: what is swapped out answers late, whichever stack it hits; free memory"
        )
        return Check("swap", "note", text)
    return Check("swap", "ok", "nothing swapped out")


def disk(folder: Path) -> Check:
    """Look at the room for results in an existing folder."""
    free = shutil.disk_usage(folder).free
    text = f"{free / GIGABYTE:.1f} GB free for results in {folder}"
    if free < GIGABYTE:
        return Check("disk", "bad", f"{text}: a run breaks off when it is full; make room or give --out")
    return Check("disk", "ok", text)


def file_system(folder: Path) -> Check:
    """Look at what an existing folder, in which the databases of a run lie, is on."""
    kind = _kind(folder)
    if kind in NETWORK:
        return Check("file system", "bad", f"{kind}: SQLite's log is not safe on it; give --out a local folder")
    if kind in ("tmpfs", "ramfs", "overlay"):
        why = "a layer over another one" if kind == "overlay" else "memory"
        text = f"{kind}: {why}, not a disk; writes cost something else here than where the app will run"
        return Check("file system", "note", text)
    return Check("file system", "ok", kind)


def _kind(folder: Path) -> str:
    """Return the type of the file system that a folder is on: of all mounts above it the innermost, last mounted."""
    found: list[tuple[int, int, str]] = []
    for number, line in enumerate(kernel.text(kernel.PROC / "self/mounts").splitlines()):
        _, mount, kind, *_ = line.split()
        point = Path(mount.encode().decode("unicode_escape"))  # a space is written as \040
        if folder.is_relative_to(point):
            found.append((len(point.parts), number, kind))
    return max(found, default=(0, 0, "unknown"))[2]


def open_files() -> Check:
    """Look at the limit of open files."""
    import resource  # not on Windows, where the other commands must start

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= OPEN_FILES:
        return Check("open files", "ok", "no limit" if soft == resource.RLIM_INFINITY else f"{soft} allowed")
    text = f"{soft} allowed, and {OPEN_FILES} are needed with 1,000 requests in flight"
    if hard == resource.RLIM_INFINITY or hard >= OPEN_FILES:
        return Check("open files", "note", f"{text}: say `ulimit -n {OPEN_FILES}` before the run")
    return Check("open files", "bad", f"{text}, but the hard limit is {hard}: have it raised in limits.conf")


def local_ports() -> Check:
    """Look at the ports for outgoing connections."""
    bounds = kernel.text(kernel.PROC / "sys/net/ipv4/ip_local_port_range").split()
    if len(bounds) != 2:
        return Check("ports", "note", "which ports outgoing connections take is not available on this host")
    first, last = map(int, bounds)
    text = f"{first} to {last} for outgoing connections"
    if last - first + 1 < EPHEMERAL_PORTS:
        return Check(
            "ports", "note", f"{text}: stacks that open one per request may run out; widen net.ipv4.ip_local_port_range"
        )
    if first < ports.BELOW_EPHEMERAL.stop:
        return Check(
            "ports", "note", f"{text}: one of them may be taken when a server wants it; let them begin at 32768"
        )
    return Check("ports", "ok", text)
