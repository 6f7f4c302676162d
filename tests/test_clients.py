"""The clients in examples/clients: each does its three calls against both apps, and says what an app refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem.launch.running_stack import RunningStack
from tandem.paths import PROJECT

CLIENTS = sorted((PROJECT / "examples" / "clients").glob("*.py"))


def run(client: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a client as a person does."""
    return subprocess.run([sys.executable, client, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_every_client_stands_in_the_readme() -> None:
    readme = (PROJECT / "examples" / "clients" / "README.md").read_text()
    assert [client.name for client in CLIENTS if f"]({client.name})" not in readme] == []


@pytest.mark.parametrize("name", ["wsgi-gthread", "asgi"])
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.stem)
def test_a_client_reads_logs_in_and_creates(stack: Callable[[str], RunningStack], name: str, client: Path) -> None:
    url = stack(name).url
    told = run(client, url, "--name", client.stem)
    assert told.returncode == 0, told.stderr
    read, logged_in, created = told.stdout.splitlines()
    assert read.startswith("read: ")
    assert logged_in == "logged in as admin"
    assert created.startswith("created: 201 /api/users/")
    assert created.endswith(f" {client.stem}")
    again = run(client, url, "--name", client.stem)
    assert again.returncode == 1
    assert "409" in again.stderr
