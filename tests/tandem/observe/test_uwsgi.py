"""What a real uWSGI tells of workers that it replaced: one that grew old, and one whose request took too long."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.launch import process
from tandem.launch.process import Child, Children
from tandem.observe import uwsgi
from tandem.observe.uwsgi import Replacements
from tandem.plan.needs import Need
from tests.support.stacks import skip_without
from tests.support.waiting import eventually

APP = """
import time

def application(environ, start_response):
    if environ["PATH_INFO"] == "/hang":
        time.sleep(600)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
"""


class Server:
    """A uWSGI whose workers retire after three requests, and are ended when one takes a second."""

    def __init__(self, folder: Path) -> None:
        self.place, self.stats = folder / "1.socket", [folder / "1.socket.stats"]

    def ask(self, path: str) -> bytes:
        """Ask, and wait for the end."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.place))
            client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            return client.recv(100)

    def told(self) -> Replacements:
        """What it says now; nothing, for a moment, while its master has something else to do."""
        return uwsgi.read(self.stats) or Replacements(-1, -1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    skip_without("uWSGI", [Need(module="pyuwsgi")])
    (tmp_path / "hangs.py").write_text(APP)
    found = Server(tmp_path)
    command = [str(Path(sys.executable).parent / "uwsgi"), "--module", "hangs", "--http-socket", str(found.place), "--stats",
               str(found.stats[0]), "--master", "--processes", "1", "--harakiri", "1", "--max-requests", "3",
               "--min-worker-lifetime", "0"]  # fmt: skip
    with Children() as children:
        children.add(
            Child("uWSGI", command, log=tmp_path / "log", cpus=[], env=process.environment({}), cwd=tmp_path, kept=True)
        )
        assert eventually(lambda: uwsgi.read(found.stats) is not None)
        yield found


@pytest.mark.usefixtures("processes")
def test_workers_that_were_replaced_are_counted_and_those_that_hung_among_them(server: Server) -> None:
    assert eventually(lambda: server.told() == (0, 0))
    for _ in range(3):
        assert server.ask("/").startswith(b"HTTP/1.0 200 ")
    assert eventually(lambda: server.told() == (1, 0))
    assert server.ask("/hang") == b""
    assert eventually(lambda: server.told() == (2, 1))
    assert server.ask("/").startswith(b"HTTP/1.0 200 ")


def test_a_server_that_says_nothing_tells_nothing(tmp_path: Path) -> None:
    assert uwsgi.read([]) is None
    assert uwsgi.read([tmp_path / "nobody.stats"]) is None
    assert uwsgi.between(None, Replacements(1, 0)) is None
    assert uwsgi.between(Replacements(1, 0), Replacements(4, 2)) == (3, 2)
