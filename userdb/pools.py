"""What there is few of in a process, connections, threads and places: looked at when somebody asks for the metrics.

With a folder for metrics each process tells its pools to whoever asks at a socket in it, so that any of them knows the sum.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from userdb import logs

PATIENCE = 1.0
"""Seconds in which all processes must have told their pools; one that is stopped, or holds its GIL, is left out of the sum."""

_log = logs.logger("userdb.pools")


class State(NamedTuple):
    """The state of a pool at one moment; None is what can't be known, or is not there."""

    in_use: int
    idle: int | None  # free, so that whoever asks gets one at once
    waiting: int | None
    limit: int | None


Read = Callable[[], State]
States = Mapping[str, State]

of_seams: dict[str, Read] = {}
"""The pools that the server or the framework has: the seams to them tell of them here."""


def read(pools: Mapping[str, Read]) -> dict[str, State]:
    """All of them as they are now."""
    return {name: state() for name, state in pools.items()}


class Teller:
    """Tells whoever asks at a socket in the folder; where there can be none, that is logged, and all else goes on."""

    def __init__(self, folder: Path | None, own: Callable[[], States]) -> None:
        self._own = own
        self._socket: socket.socket | None = None
        if folder is None:
            return
        self._file = folder / f"pools_{secrets.token_hex(8)}.sock"
        listening = socket.socket(socket.AF_UNIX)
        try:
            with _address(self._file) as address:
                listening.bind(address)
            listening.listen()
        except OSError as error:
            listening.close()
            _log.warning("the pools of this process are not counted in /metrics: %s", error)
            return
        self._socket = listening
        threading.Thread(target=self._run, args=[listening], name="pools", daemon=True).start()

    def close(self) -> None:
        """Tell nobody any more."""
        if self._socket is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)
                self._socket.shutdown(socket.SHUT_RDWR)  # ends what waits in accept
            self._socket.close()
            self._socket = None

    def _run(self, listening: socket.socket) -> None:
        while True:
            try:
                asking, _ = listening.accept()
            except OSError:  # it is closed
                return
            with asking, suppress(OSError):
                asking.sendall(json.dumps(self._own()).encode())


def of_all(folder: Path | None, own: Callable[[], States]) -> list[States]:
    """The pools of each process that tells them in the folder; of this one alone where there is none."""
    if folder is None:
        return [own()]
    end = monotonic() + PATIENCE
    told = [_asked(file, end) for file in sorted(folder.glob("pools_*.sock"))]
    return [each for each in told if each is not None]


def _asked(file: Path, end: float) -> States | None:
    """What one process tells; None where it does not until `end`. The socket of one that was killed is removed."""
    data = b""
    try:
        with socket.socket(socket.AF_UNIX) as asking, _address(file) as address:
            asking.settimeout(max(end - monotonic(), 0.001))
            asking.connect(address)
            while piece := asking.recv(65_536):
                data += piece
        return {name: State(*state) for name, state in json.loads(data).items()}
    except ConnectionRefusedError:
        file.unlink(missing_ok=True)
    except (OSError, ValueError):
        pass
    return None


@contextmanager
def _address(file: Path) -> Iterator[str]:
    """The address of a socket whose folder may have any name: an address has at most 108 bytes (unix(7))."""
    folder = os.open(file.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)
