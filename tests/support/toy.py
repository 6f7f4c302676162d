"""A toy stack for the harness's tests: a small HTTP server that can refuse to start, stay silent or die, and its stacks file."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILE = """
[{name}]
title = "A toy"
app = "{app}"
implements = "userdb"
servers = "per-cpu"
workers_per_cpu = 1
threads = 4
slots_per_worker = 4
upstream_keepalive = 8
public_port = {port}
command = ["{{python}}", "{script}", "{{port}}", "{manner}"]
environment = {{ READ_CONNECTIONS = "1", NEWS_CONNECTIONS = "1" }}
"""


def table(name: str, *, manner: str = "answer", app: str = "toy_app", port: int = 8099) -> str:
    """Return the table of a toy stack for a stacks file; `manner` is what its server does."""
    return FILE.format(name=name, app=app, port=port, script=Path(__file__).resolve(), manner=manner)


HONEST = 25
"""So many requests a cheat answers rightly: more than are asked before a load begins."""


class Handler(BaseHTTPRequestHandler):
    """Answers with the path, or with what the path asks for, and ends the process where asked to."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body leave together, or the client's delayed ACK costs 40 ms

    asked, honest = 0, float("inf")
    """Requests so far, and how many are answered rightly: all but those of a cheat."""

    def do_GET(self) -> None:
        """Answer one request."""
        Handler.asked += 1
        if Handler.asked > Handler.honest:
            self._answer("an answer that was kept")
            return
        if self.path == "/die":
            print("dying as asked", flush=True)
            self.server.shutdown()
        telling: dict[str, object] = {"/environment": dict(os.environ), "/headers": dict(self.headers.items())}
        if self.path in telling:
            self._answer(json.dumps(telling[self.path]))
        else:
            self._answer(f'{self.path} name="csrf" value="toy"')

    def do_POST(self) -> None:
        """Answer one request; everybody may log in."""
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self._answer('{"token":"toy"}' if self.path == "/api/login" else self.path)

    def _answer(self, body: str) -> None:
        content = body.encode()
        headers = {"Content-Type": "text/plain", "Set-Cookie": "session=toy"}
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def become_a_daemon() -> None:
    """Go on as the grandchild in a session of its own, as daemon(3) and `setsid` do; the process that was started ends."""
    for step in (os.setsid, lambda: None):
        if os.fork():
            os._exit(0)
        step()


def burn() -> None:
    """Keep a CPU busy for half of the time."""
    while True:
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            pass
        time.sleep(0.01)


def main(port: str, manner: str) -> None:
    """Be a server of this manner: answer, refuse (end at once with a message), silent (never listen) or daemon (in a session
    of its own, with nobody above it that it was started by); burn: the same on any CPU, which it keeps half busy; cheat: answer
    rightly at first, then always the same.
    """
    if manner in ("daemon", "burn"):
        become_a_daemon()
    if manner == "burn":
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        threading.Thread(target=burn, daemon=True).start()
    if manner == "cheat":
        Handler.honest = HONEST
    if manner == "refuse":
        sys.exit("toy: the library zebra is missing")
    if manner == "silent":
        print("toy: thinking", flush=True)
        time.sleep(60)
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever(poll_interval=0.02)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
