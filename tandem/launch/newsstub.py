"""The news service that both apps call: a stand-in whose slowness and failures are set at its start or by call.

GET /news?user=NAME answers three items that depend on the name alone, after `delay` seconds, give or take a random
part of `jitter`; a share `error_rate` of the answers is a 500. `delay`, `jitter` and `error_rate` in the query count
for that call. GET /ready answers 200. One process waits for thousands of calls at once: a wait costs a timer, no
thread.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote

import uvicorn
from starlette.types import Receive, Scope, Send

from tandem.launch import ports

LONGEST_DELAY = 60.0


class Behaviour(NamedTuple):
    """How calls are answered: seconds, seconds, and a share from 0 to 1."""

    delay: float = 0.1
    jitter: float = 0.0
    error_rate: float = 0.0


def behaviour(given: dict[str, str], usual: Behaviour) -> Behaviour:
    """Return `usual` with what is given in its place. Raises ValueError with a sentence."""
    values = {}
    for field, most in (("delay", LONGEST_DELAY), ("jitter", LONGEST_DELAY), ("error_rate", 1.0)):
        if field in given:
            try:
                values[field] = float(given[field])
            except ValueError:
                values[field] = -1.0
            if not 0 <= values[field] <= most:
                raise ValueError(f"{field} must be a number from 0 to {most:g}")
    return usual._replace(**values)


def news(user: str, source: str = "") -> bytes:
    """Return the answer for a user name, from the source of that number where one is named."""
    at, path = (f" from source {source}", f"/{quote(source, safe='')}") if source else ("", "")
    items = [
        {"title": f"News {n} for {user}{at}", "url": f"https://news.example.org/{quote(user, safe='')}{path}/{n}"}
        for n in (1, 2, 3)
    ]
    return json.dumps({"items": items}, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


async def answer(send: Send, status: int, body: bytes) -> None:
    """Send one JSON answer."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Stub:
    """The ASGI application."""

    def __init__(self, usual: Behaviour, seed: int) -> None:
        self.usual, self.random = usual, random.Random(seed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == "/ready":
            await answer(send, 200, b'{"status":"ok"}')
        elif scope["path"] == "/news":
            await self.news(scope, send)
        else:
            await answer(send, 404, b'{"error":"only /news and /ready are here"}')

    async def news(self, scope: Scope, send: Send) -> None:
        """Wait, then answer with items or an error."""
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        try:
            now = behaviour(query, self.usual)
        except ValueError as error:
            await answer(send, 422, json.dumps({"error": str(error)}).encode())
            return
        await asyncio.sleep(max(0.0, now.delay + self.random.uniform(-now.jitter, now.jitter)))
        if self.random.random() < now.error_rate:
            await answer(send, 500, b'{"error":"the news service failed, as asked"}')
        else:
            await answer(send, 200, news(query.get("user", ""), query.get("source", "")))


class Server(uvicorn.Server):
    """uvicorn that says on one line when it is ready."""

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        print(f"news stub ready at http://127.0.0.1:{self.config.port}/news", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tandem.launch.newsstub", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--port", type=int, default=9000, help="port on 127.0.0.1 (default: %(default)s)")
    parser.add_argument("--delay", default="0.1", help="seconds until an answer (default: %(default)s)")
    parser.add_argument("--jitter", default="0", help="random part of the delay, ± seconds (default: %(default)s)")
    parser.add_argument("--error-rate", default="0", help="share of answers that are a 500 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random parts (default: %(default)s)")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error(f"--port must be a number from 1 to 65535, not {options.port}")
    try:
        usual = behaviour(vars(options), Behaviour())
    except ValueError as error:
        parser.error(str(error))
    if not ports.available(options.port):
        parser.error(f"port {options.port} is in use: choose another with --port")
    config = uvicorn.Config(
        Stub(usual, options.seed), host="127.0.0.1", port=options.port, loop="uvloop", http="httptools", ws="none",
        lifespan="off", log_level="warning", access_log=False, backlog=4096, timeout_keep_alive=75, timeout_graceful_shutdown=1,
        server_header=False,
    )  # fmt: skip
    try:
        Server(config).run()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
