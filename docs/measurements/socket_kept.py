"""Keep a server up on a socket that stays open, as the units of deploy/systemd have systemd do: its part where it does not run.

`python docs/measurements/socket_kept.py FOLDER PORT`, for `restarts.py`: FOLDER is one of `deploy/assemble`.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

COMMAND = ["/bin/sh", "-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec ./serve-app"]
"""What sd_listen_fds(3) expects, with the process id of whoever the shell becomes."""

FIRST = 3
"""The descriptor of the socket."""


def main(folder: Path, port: int) -> None:
    """Start the server, and again whenever it has ended; with it ends all that it started (KillMode=mixed)."""
    unit = (folder / "systemd" / "userdb-wsgi.service").read_text()
    pause = float(re.findall(r"^RestartSec=(\d+)$", unit, re.MULTILINE)[0])
    listening = socket.create_server(("127.0.0.1", port), backlog=2048)
    if listening.fileno() != FIRST:
        os.dup2(listening.fileno(), FIRST)
    while True:
        server = subprocess.Popen(COMMAND, cwd=folder, pass_fds=[FIRST], start_new_session=True)
        (folder / "var" / "server.pid").write_text(str(server.pid))
        status = server.wait()
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        if status not in (0, -signal.SIGTERM):  # else it was told to
            time.sleep(pause)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
