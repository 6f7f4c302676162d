"""One turn of `path.py`: what one read costs in this process, with the settings of the environment; prints it as JSON.

`python docs/measurements/one_read.py asgi_app --requests 20000`.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

USERS, CONNECTIONS = 1000, 32
HEADERS = {
    "Host": "127.0.0.1:8080",
    "X-Request-ID": "0123456789abcdef0123456789abcdef",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "127.0.0.1:8080",
    "User-Agent": "openloop",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
}
"""What nginx tells of a request of the load generator."""


class Transport(asyncio.Transport):
    """A connection whose other end asks again as soon as it has its answer."""

    def __init__(self, again: Callable[[], None]) -> None:
        super().__init__({"peername": ("127.0.0.1", 40000), "sockname": ("127.0.0.1", 8000)})
        self._again = again

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if bytes(data[:5]) == b"HTTP/":
            if bytes(data[9:12]) != b"200":
                raise SystemExit(bytes(data).decode())
            asyncio.get_running_loop().call_soon(self._again)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...


def request(user_id: int) -> bytes:
    """What nginx sends."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"GET /api/users/{user_id} HTTP/1.1\r\n{lines}\r\n".encode()


async def asgi(requests: int, proxy_headers: bool) -> float:
    """CPU seconds that so many requests cost the ASGI app, after a tenth of them that are not counted."""
    import uvicorn
    from uvicorn.lifespan.on import LifespanOn
    from uvicorn.server import ServerState

    from asgi_app.app import create_app
    from asgi_app.server import Protocol

    config = uvicorn.Config(
        create_app, factory=True, http=Protocol, access_log=False, proxy_headers=proxy_headers, log_level="warning"
    )
    config.load()
    lifespan = LifespanOn(config)
    await lifespan.startup()
    loop, over, left = asyncio.get_running_loop(), asyncio.Event(), 0

    def connection() -> Callable[[], None]:
        protocol = Protocol(config, ServerState(), lifespan.state, _loop=loop)

        def ask() -> None:
            nonlocal left
            left -= 1
            if left >= 0:
                protocol.data_received(request(random.randint(2, USERS)))
            elif left == -CONNECTIONS:
                over.set()

        protocol.connection_made(Transport(ask))
        return ask

    connections = [connection() for _ in range(CONNECTIONS)]

    async def ask(number: int) -> float:
        nonlocal left
        left, cpu = number, time.process_time()
        over.clear()
        for each in connections:
            each()
        await over.wait()
        return time.process_time() - cpu

    await ask(requests // 10)
    used = await ask(requests)
    await lifespan.shutdown()
    return used


def environ(user_id: int) -> dict[str, Any]:
    """What gunicorn makes of a request."""
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()}
    return {
        "wsgi.errors": sys.stderr, "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False, "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "wsgi.input_terminated": True,
        "SERVER_SOFTWARE": "gunicorn", "REQUEST_METHOD": "GET", "QUERY_STRING": "", "RAW_URI": f"/api/users/{user_id}",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "40000", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000", "PATH_INFO": f"/api/users/{user_id}", "SCRIPT_NAME": "", **given,
    }  # fmt: skip


def wsgi(requests: int) -> float:
    """The same of the WSGI app, in one thread: how threads take turns is the server's part."""
    from wsgi_app.app import create_app

    app = create_app()

    def start(status: str, headers: list[tuple[str, str]], info: object = None) -> Callable[[bytes], None]:
        if status != "200 OK":
            raise SystemExit(status)
        return lambda data: None

    def ask(number: int) -> float:
        cpu = time.process_time()
        for _ in range(number):
            answer: Any = app(environ(random.randint(2, USERS)), start)
            b"".join(answer)
            answer.close()
        return time.process_time() - cpu

    ask(requests // 10)
    return ask(requests)


def once(app: str, requests: int, proxy_headers: bool) -> dict[str, float]:
    """One turn, in this process: microseconds per request."""
    import uvloop

    used = uvloop.run(asgi(requests, proxy_headers)) if app == "asgi_app" else wsgi(requests)
    return {"us": 1e6 * used / requests}


def main() -> None:
    """Be one turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("app", choices=("asgi_app", "wsgi_app"))
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument(
        "--proxy-headers", action="store_true", help="have uvicorn look for the client's address in headers"
    )
    options = parser.parse_args()
    print(json.dumps(once(options.app, options.requests, options.proxy_headers)))


if __name__ == "__main__":
    main()
