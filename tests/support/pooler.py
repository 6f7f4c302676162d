"""A real PgBouncer in transaction mode before a PostgreSQL server, with one server connection that all clients share."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tandem.launch import ports
from tests.support.waiting import PATIENCE, eventually

CONFIGURATION = """
[databases]
postgres = host={folder} port=5432 user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
"""


def program() -> str | None:
    """Where it is; None where this machine has none."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def keeps_prepared_statements_apart(program: str) -> bool:
    """Whether it can, as from 1.21 on."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    assert found, said
    return (int(found[1]), int(found[2])) >= (1, 21)


@contextmanager
def pooler(program: str, folder: Path) -> Iterator[int]:
    """Stand before the server whose socket is in this folder, as the user whose folder it is; hand out the port."""
    port, owner = ports.free_port(), folder.stat().st_uid
    file = folder / f"pgbouncer-{port}.ini"
    file.write_text(CONFIGURATION.format(folder=folder, port=port))
    file.chmod(0o644)
    change = ["-u", pwd.getpwuid(owner).pw_name] if os.geteuid() == 0 else []  # it refuses to run as root
    log = folder / f"pgbouncer-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen([program, *change, str(file)], stdout=out, stderr=subprocess.STDOUT)
    try:
        assert eventually(lambda: "process up" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)
