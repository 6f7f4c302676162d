"""Code that holds a loop, one function for each way; the line that does is marked `# here`."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import socket
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

HELD = 0.35
"""For how long, in seconds: long against what a busy machine keeps a thread waiting."""


async def sleep() -> None:
    time.sleep(HELD)  # noqa: ASYNC251  # here


async def sleep_where_often_was_none() -> None:
    """What has run often is other bytecode than what runs once."""
    for number in range(100):
        time.sleep(HELD if number == 99 else 0)  # noqa: ASYNC251  # here


async def read_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        peer, _ = server.accept()
        with peer:
            timer = threading.Timer(HELD, peer.sendall, [b"answer\n"])
            timer.start()
            client.makefile("rb").readline()  # here
            timer.join()


async def compute() -> None:
    end, number = time.thread_time() + HELD, 0
    while time.thread_time() < end:
        number += sum(range(2000))  # here


async def lock() -> None:
    lock = threading.Lock()
    taken = threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            time.sleep(HELD)  # the other

    other = threading.Thread(target=hold)
    other.start()
    taken.wait()
    with lock:  # here
        pass
    other.join()


async def run_program() -> None:
    subprocess.run(["sleep", str(HELD)], check=True, timeout=30, capture_output=True)  # noqa: ASYNC221  # here


def _step() -> None:
    """10 ms of CPU."""
    end = time.thread_time() + 0.01
    while time.thread_time() < end:
        pass


async def _short() -> None:
    _step()


async def many_short() -> None:
    await asyncio.gather(*(_short() for _ in range(35)))


MANY: list[list[object]] = [[] for _ in range(50_000)]
"""What the collector has to look at."""


async def collect() -> None:
    gc.unfreeze()  # what tests/conftest.py has put out of the collector's sight, these objects among them
    end = time.thread_time() + HELD
    while time.thread_time() < end:
        gc.collect()


async def hold_the_gil() -> None:
    sum(range(20_000_000))  # here


async def another_holds_the_gil() -> None:
    other = threading.Thread(target=sum, args=(range(20_000_000),))
    other.start()
    other.join()


Blocker = Callable[[], Awaitable[None]]


def line_of(blocker: Blocker, mark: str = "# here") -> str:
    """The marked line of a blocker, as records name it."""
    lines, first = inspect.getsourcelines(blocker)
    number = next(first + index for index, line in enumerate(lines) if re.search(rf"{mark}$", line))
    return f"tests/stalls/{Path(__file__).name}:{number}"
