"""A real nginx with the project's configuration, to which tests add parts of deploy/nginx/: one process for all of them."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tandem.launch import nginx, ports
from tandem.paths import PROJECT
from tests.deploy.toys import Toy
from tests.support.answers import Answer
from tests.support.processes import descendants
from tests.support.stacks import USERDB
from tests.support.waiting import eventually

PARTS = PROJECT / "deploy" / "nginx"

STRANGER = "127.0.0.2"
"""Another address of this machine: what is counted by address counts it apart."""


@dataclass
class Front:
    """An nginx with the project's configuration, to which each test adds its parts."""

    folder: Path
    port: int = field(default_factory=ports.free_port)
    plain_port: int = field(default_factory=ports.free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, with one server that nobody asks."""
        nginx.configure(self.folder, USERDB, public_port=self.port, servers=["127.0.0.1:9"], keepalive=0)
        for name in ("http", "server"):
            (self.folder / name).mkdir()
        self.plain = {
            name: (self.folder / name).read_text() for name in ("upstream.conf", "listen.conf", "buffered.conf")
        }
        command = nginx.command(nginx.find(), self.folder)
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stderr=log)
        assert eventually(lambda: descendants(self._pid())), (self.folder / "log").read_text()

    def _pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def use(self, *parts: str, upstream: str = "health", toys: tuple[Toy, ...], other: Toy | None = None) -> None:
        """Have these parts, and no others, in front of these servers from now on."""
        for name in ("http", "server"):
            shutil.rmtree(self.folder / name)
            (self.folder / name).mkdir()
        for name, text in self.plain.items():
            (self.folder / name).write_text(text)
        for part in parts:
            target = self.folder / ("listen.conf" if part == "tls/listen.conf" else part)
            target.write_text(self._here((PARTS / part).read_text(), (other,) if other else ()))
        (self.folder / "upstream.conf").write_text(
            self._here((PARTS / "upstream" / f"{upstream}.conf").read_text(), toys)
        )
        self.reload()

    def _here(self, text: str, toys: tuple[Toy | None, ...]) -> str:
        """A part with the addresses of this test: without the lines of servers that it has not."""
        addresses = iter([each.server_address[1] for each in toys if each])
        lines = []
        for line in text.splitlines():
            if not line.startswith("    server 127"):
                lines.append(line)
            elif port := next(addresses, None):
                lines.append(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", line))
        certificate = self.folder / "tls"
        return (
            "\n".join(lines)
            .replace("listen 443", f"listen 127.0.0.1:{self.port}")
            .replace("listen 80;", f"listen 127.0.0.1:{self.plain_port};")
            .replace("/etc/ssl/userdb/chain.pem", str(certificate / "server.pem"))
            .replace("/etc/ssl/userdb/key.pem", str(certificate / "server.key"))
            + "\n"
        )

    def reload(self) -> None:
        """Have nginx read its files again, and wait until no worker is left that has not."""
        nginx.check(nginx.find(), self.folder)
        before = descendants(self._pid())
        os.kill(self._pid(), signal.SIGHUP)
        assert eventually(lambda: (now := descendants(self._pid())) and not now & before), (
            self.folder / "log"
        ).read_text()

    def ask(
        self, target: str, *, host: str = "localhost", source: str = "", method: str = "GET", **headers: str
    ) -> Answer:
        """Ask over a connection of its own."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(source, 0) if source else None
        )
        try:
            connection.request(method, target, headers={"Host": host, **headers})
            found = connection.getresponse()
            return Answer(found.status, found.getheaders(), found.read())
        finally:
            connection.close()

    def told(self, target: str, **more: str) -> dict[str, object]:
        """What the server told that answered."""
        answer = self.ask(target, **more)
        assert answer.status == 200, answer
        found: dict[str, object] = json.loads(answer.body)
        return found

    def stop(self) -> None:
        """End it."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait()
