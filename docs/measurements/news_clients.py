"""Measure HTTP clients as the apps use them: `python docs/measurements/news_clients.py` prints the Markdown table.

A stub answers every call after a wait of 100 ms. Each client makes the same calls, in this process, by turns in random order;
what counts is the CPU that a call costs here and how many calls get through in a second, as ratios to the client in use.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import httpx
import httpx2
import httpx_aiohttp
import urllib3
import uvloop

from tandem.launch import ports

DELAY = 0.1
"""Seconds that the service lets wait."""


class Found(NamedTuple):
    """What one turn showed."""

    rate: float  # calls per second
    cpu_ms: float  # CPU per call, of this process


def in_threads(call: Callable[[str], int], url: str, waiting: int, calls: int) -> Found:
    """Make so many calls, `waiting` of them at once, each in a thread."""
    with ThreadPoolExecutor(waiting) as pool:
        list(pool.map(call, [url] * waiting))  # connections are open, as in a server that has run for a while
        began, cpu = time.perf_counter(), time.process_time()
        assert set(pool.map(call, [url] * calls)) == {200}
        return Found(calls / (time.perf_counter() - began), 1000 * (time.process_time() - cpu) / calls)


async def on_a_loop(call: Callable[[str], Awaitable[int]], url: str, waiting: int, calls: int) -> Found:
    """Make so many calls, `waiting` of them at once, on one event loop."""
    left = calls

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            assert await call(url) == 200

    await asyncio.gather(*[call(url) for _ in range(waiting)])
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*[caller() for _ in range(waiting)])
    return Found(calls / (time.perf_counter() - began), 1000 * (time.process_time() - cpu) / calls)


def threads(name: str, url: str, waiting: int, calls: int) -> Found:
    """One turn of a client of the WSGI world."""
    if name == "urllib3":
        pool = urllib3.PoolManager(maxsize=waiting, retries=False)
        return in_threads(lambda url: pool.request("GET", url).status, url, waiting, calls)
    library: Any = {"httpx": httpx, "httpx2": httpx2}[name]
    with library.Client(limits=_limits(library, waiting), timeout=10, trust_env=False) as client:
        return in_threads(lambda url: int(client.get(url).status_code), url, waiting, calls)


async def loop(name: str, url: str, waiting: int, calls: int) -> Found:
    """One turn of a client of the ASGI world."""
    if name == "aiohttp":
        connector = aiohttp.TCPConnector(limit=waiting, keepalive_timeout=30)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(10)) as session:

            async def bare(url: str) -> int:
                async with session.get(url) as answer:
                    await answer.read()
                    return answer.status

            return await on_a_loop(bare, url, waiting, calls)
    if name == TRANSPORT:
        async with httpx_aiohttp.AiohttpTransport(limits=_limits(httpx, waiting), trust_env=False) as transport:

            async def direct(url: str) -> int:
                response = await transport.handle_async_request(httpx.Request("GET", url))
                try:
                    await response.aread()
                finally:
                    await response.aclose()
                return int(response.status_code)

            return await on_a_loop(direct, url, waiting, calls)
    if name == "sockets":
        return await on_a_loop(Sockets(url).get, url, waiting, calls)
    made: Any = {
        "httpx": (httpx, httpx.AsyncClient),
        "httpx2": (httpx2, httpx2.AsyncClient),
        "httpx over aiohttp": (httpx, httpx_aiohttp.HttpxAiohttpClient),
    }[name]
    library, kind = made
    async with AsyncExitStack() as exits:
        client = await exits.enter_async_context(kind(limits=_limits(library, waiting), timeout=10, trust_env=False))

        async def call(url: str) -> int:
            return int((await client.get(url)).status_code)

        return await on_a_loop(call, url, waiting, calls)


def _limits(library: Any, waiting: int) -> Any:
    """As many connections as there are calls at once, all of them kept."""
    return library.Limits(max_connections=waiting, max_keepalive_connections=waiting, keepalive_expiry=30)


class Sockets:
    """The least that a call can be: kept connections, three lines to ask, the head of an answer searched for its length."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, _url: str) -> int:
        """Make one call and return its status."""
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, self.port)
        writer.write(self.request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, after = head.partition(b"content-length:")
        await reader.readexactly(int(after.partition(b"\r\n")[0]))
        self.idle.append((reader, writer))
        return int(head.split(b" ", 2)[1])


class World(NamedTuple):
    """Clients that are compared with each other."""

    waiting: int  # calls at once
    reference: str  # whose CPU the others are divided by
    clients: tuple[str, ...]
    calls: int = 4  # of a turn, in those of a turn under threads


AIOHTTP, TRANSPORT = "httpx over aiohttp", "httpx's transport of aiohttp"
WORLDS = {
    "16 threads": World(16, "urllib3", ("httpx2", "httpx", "urllib3"), 1),
    "an event loop, 64 waiting": World(64, AIOHTTP, ("httpx2", "httpx", AIOHTTP, TRANSPORT, "aiohttp", "sockets")),
    "an event loop, 256 waiting": World(256, AIOHTTP, ("httpx2", AIOHTTP, TRANSPORT, "aiohttp", "sockets")),
    # httpx2 takes minutes here
    "an event loop, 1,000 waiting": World(1000, AIOHTTP, (AIOHTTP, TRANSPORT, "aiohttp", "sockets"), 10),
}


def turns(url: str, rounds: int, calls: int) -> dict[tuple[str, str], list[Found]]:
    """Every client once a round, in random order, so that what else the machine does meets all of them."""
    found: dict[tuple[str, str], list[Found]] = {
        (name, client): [] for name, world in WORLDS.items() for client in world.clients
    }
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for name, client in random.sample(list(found), len(found)):
            world = WORLDS[name]
            many = calls * world.calls
            on_loop = name.startswith("an event loop")
            one = (
                uvloop.run(loop(client, url, world.waiting, many))
                if on_loop
                else threads(client, url, world.waiting, many)
            )
            found[name, client].append(one)
    return found


def table(found: dict[tuple[str, str], list[Found]]) -> str:
    """The Markdown table: medians over the rounds, and ratios within each round with the least and the greatest."""
    lines = [
        "| world | client | calls/s | CPU per call, ms | CPU ÷ urllib3, or httpx over aiohttp |",
        "|---|---|---:|---:|---:|",
    ]
    for (name, client), values in found.items():
        reference = found[name, WORLDS[name].reference]
        ratios = [one.cpu_ms / other.cpu_ms for one, other in zip(values, reference, strict=True)]
        middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
        rate, cpu = (statistics.median(column) for column in zip(*values, strict=True))
        lines.append(f"| {name} | {client} | {rate:.0f} | {cpu:.2f} | {middle:.2f} ({low:.2f}–{high:.2f}) |")
    return "\n".join(lines)


def main() -> None:
    """Start the stub, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--calls", type=int, default=400, help="calls of a turn under 16 threads; four to ten times as many on a loop"
    )
    options = parser.parse_args()
    port = ports.free_port()
    command = [sys.executable, "-m", "tandem.launch.newsstub", "--port", str(port), "--delay", f"{DELAY:g}"]
    cpus = sorted(os.sched_getaffinity(0))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as stub:
        try:
            os.sched_setaffinity(stub.pid, cpus[-1:])
            os.sched_setaffinity(0, cpus[:1])
            url = f"http://127.0.0.1:{port}/news?user=user0000007"
            _ready(f"http://127.0.0.1:{port}/ready")
            print(table(turns(url, options.rounds, options.calls)))
        finally:
            stub.terminate()


def _ready(url: str) -> None:
    """Wait until the stub answers. Raises SystemExit after 20 s."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if urllib3.request("GET", url, retries=False).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
    raise SystemExit("the stub did not answer within 20 s")


if __name__ == "__main__":
    main()
