"""Where a server listens: a port of 127.0.0.1, or a socket in a folder of its stack's own."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import NamedTuple

from tandem.errors import TandemError
from tandem.launch import ports
from tandem.plan.definition import Definition

LONGEST_PATH = 96
"""Bytes of a path. Linux takes 107 (unix(7)), uWSGI no more than 102, and its stats socket has six more in its name."""


class Endpoint(NamedTuple):
    """A port, or the path of a socket."""

    port: int = 0
    path: Path | None = None

    @property
    def filled(self) -> int | str:
        """What its command says."""
        return str(self.path) if self.path else self.port

    @property
    def address(self) -> str:
        """What nginx calls it."""
        return f"unix:{self.path}" if self.path else f"127.0.0.1:{self.port}"

    def listens(self) -> bool:
        """Tell whether somebody takes connections at the socket."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.path))
            except OSError:
                return False
            return True


def place(stack: Definition, folder: Path, number: int) -> Endpoint:
    """Return where a server of this stack is to listen. Raises TandemError where no socket can be there."""
    if stack.listen == "port":
        return Endpoint(ports.free_port())
    path = (folder / f"{number}.socket").absolute()
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        raise TandemError(
            f"the socket {path} has {length} bytes in its path, and no more than {LONGEST_PATH} are sure to work: "
            "use a folder with a shorter name (--out of tandem compare, TMPDIR for tandem serve)"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise TandemError(f"no socket can be made in {folder}: it is not writable")
    return Endpoint(path=path)
