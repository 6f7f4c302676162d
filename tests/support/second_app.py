"""A second app for the harness's tests: a WSGI app without a database, nothing like the user database, and its row."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

APPS = """
[guestbook]
title = "Guest book"
alive = "/up"
warm_up = ["/entries"]
probes = "guestbook-probes.toml"
load_test = "{load_test}"
environment = {{ GUESTBOOK_FOLDER = "{{own}}" }}
unlimited = {{ GUESTBOOK_LIMIT = "none" }}
"""

PROBES = """
[[masks]]
pattern = 'visit [0-9]+'
replacement = 'visit *'

[[sequences]]
title = "reading"
probes = ["GET /up", "GET /entries", {{ request = "GET /entries", headers = ["Accept-Language: {language}"] }}, "GET /nothing"]

[values]
language = "de"
"""

STACKS = """
[{name}]
title = "The guest book, {name}"
app = "guestbook"
servers = "per-cpu"
workers_per_cpu = 1
threads = 4
slots_per_worker = 4
upstream_keepalive = 0
public_port = {port}
command = ["{{python}}", "{script}", "{{port}}", "{greeting}"]
"""


def write(folder: Path, load_test: str, **greetings: str) -> tuple[Path, Path]:
    """Write the row, its probes and a stack for each greeting; return the stacks file and the apps file."""
    apps, stacks = folder / "apps.toml", folder / "stacks.toml"
    apps.write_text(APPS.format(load_test=load_test))
    (folder / "guestbook-probes.toml").write_text(PROBES.replace("{{", "{").replace("}}", "}"))
    script = Path(__file__).resolve()
    tables = [STACKS.format(name=name, port=8090, script=script, greeting=text) for name, text in greetings.items()]
    stacks.write_text("".join(tables))
    return stacks, apps


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def main(port: str, greeting: str) -> None:
    """Serve a guest book that greets like this."""
    visits = 0

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        nonlocal visits
        visits += 1
        known = environ["PATH_INFO"] in ("/up", "/entries")
        body = f"{greeting}, visit {visits}\n".encode() if known else b"no such page\n"
        start_response("200 OK" if known else "404 Not Found", [("Content-Type", "text/plain")])
        return [body]

    make_server("127.0.0.1", int(port), app, Server, Handler).serve_forever(poll_interval=0.02)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
