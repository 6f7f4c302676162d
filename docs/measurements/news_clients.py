"""Measure HTTP clients as the apps use them: `python docs/measurements/news_clients.py` prints the Markdown table.

A stub answers every call after a wait of 100 ms. Each client makes the same calls, in this process, by turns in random order;
what counts is the CPU that a call costs here and how many calls get through in a second, as ratios to httpx2 in its world.
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
    limits = library.Limits(max_connections=waiting, max_keepalive_connections=waiting, keepalive_expiry=30)
    with library.Client(limits=limits, timeout=10, trust_env=False) as client:
        return in_threads(lambda url: int(client.get(url).status_code), url, waiting, calls)


async def loop(name: str, url: str, waiting: int, calls: int) -> Found:
    """One turn of a client of the ASGI world."""
    made: Any = {
        "httpx": (httpx, httpx.AsyncClient),
        "httpx2": (httpx2, httpx2.AsyncClient),
        "httpx over aiohttp": (httpx, httpx_aiohttp.HttpxAiohttpClient),
    }[name]
    library, kind = made
    limits = library.Limits(max_connections=waiting, max_keepalive_connections=waiting, keepalive_expiry=30)
    async with AsyncExitStack() as exits:
        client = await exits.enter_async_context(kind(limits=limits, timeout=10, trust_env=False))

        async def call(url: str) -> int:
            return int((await client.get(url)).status_code)

        return await on_a_loop(call, url, waiting, calls)


WORLDS = {
    "16 threads": (16, ("httpx2", "httpx", "urllib3")),
    "an event loop, 256 waiting": (256, ("httpx2", "httpx", "httpx over aiohttp")),
}


def turns(url: str, rounds: int, calls: int) -> dict[tuple[str, str], list[Found]]:
    """Every client once a round, in random order, so that what else the machine does meets all of them."""
    found: dict[tuple[str, str], list[Found]] = {
        (world, name): [] for world, (_, names) in WORLDS.items() for name in names
    }
    for _ in range(rounds):
        for world, name in random.sample(list(found), len(found)):
            waiting = WORLDS[world][0]
            many = calls * (4 if waiting > 16 else 1)
            one = threads(name, url, waiting, many) if waiting == 16 else uvloop.run(loop(name, url, waiting, many))
            found[world, name].append(one)
    return found


def table(found: dict[tuple[str, str], list[Found]]) -> str:
    """The Markdown table: medians over the rounds, and ratios within each round with the least and the greatest."""
    lines = ["| world | client | calls/s | CPU per call, ms | CPU ÷ that of httpx2 |", "|---|---|---:|---:|---:|"]
    for (world, name), values in found.items():
        ratios = [one.cpu_ms / other.cpu_ms for one, other in zip(values, found[world, "httpx2"], strict=True)]
        middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
        rate, cpu = (statistics.median(column) for column in zip(*values, strict=True))
        lines.append(f"| {world} | {name} | {rate:.0f} | {cpu:.2f} | {middle:.2f} ({low:.2f}–{high:.2f}) |")
    return "\n".join(lines)


def main() -> None:
    """Start the stub, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--calls", type=int, default=400, help="calls of a turn under 16 threads; four times as many on a loop"
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
