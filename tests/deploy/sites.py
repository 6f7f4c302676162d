"""Folders as deploy/assemble puts them together, with a seeded database, and what runs on them."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tandem.launch import ports
from tandem.paths import PROJECT
from tests.support.accounts import KEY
from tests.support.clients import HttpClient

ASSEMBLE = PROJECT / "deploy" / "assemble"


@dataclass(frozen=True)
class Site:
    """An assembled folder, and where its nginx and its server answer."""

    folder: Path
    port: int
    server_port: int

    def answers(self, target: str = "/api/users/2") -> bool:
        """Whether the app answers well, through nginx."""
        with suppress(OSError, http.client.HTTPException):
            return HttpClient("127.0.0.1", self.port).request("GET", target).status == 200
        return False


def assemble(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run deploy/assemble."""
    return subprocess.run([ASSEMBLE, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def site(folder: Path, app: str, seeded: Path) -> Site:
    """Assemble one for an app, on free ports and a seeded database."""
    found = Site(folder, ports.free_port(), ports.free_port())
    done = assemble(folder, app, found.port, found.server_port)
    assert done.returncode == 0, done.stderr
    shutil.copyfile(seeded, folder / "var" / "userdb.db")
    (folder / "var" / "session-keys").write_text(KEY)
    (folder / "var" / "session-keys").chmod(0o600)
    with (folder / "userdb.env").open("a") as settings:
        settings.write("WORKERS=1\n")
    return found


def environment(**more: str) -> dict[str, str]:
    """The environment of a service: little."""
    return {"PATH": os.environ["PATH"], **more}
