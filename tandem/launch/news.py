"""The news service of a run: the stub of `newsstub.py` as a child."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tandem.launch import process, readiness
from tandem.launch.process import Child, Children
from tandem.paths import PROJECT


@contextmanager
def stub(*, port: int, delay: float, logs: Path, cpus: Sequence[int]) -> Iterator[Child]:
    """Start the news stub, wait until it answers, and stop it at the end."""
    command = [sys.executable, "-m", "tandem.launch.newsstub", "--port", str(port), "--delay", f"{delay:g}"]
    with Children() as children:
        service = Child(
            "news stub", command, log=logs / "news-stub.log", cpus=cpus, env=process.environment({}), cwd=PROJECT
        )
        children.add(service)
        readiness.wait(children, "news stub", port, "/ready")
        yield service
