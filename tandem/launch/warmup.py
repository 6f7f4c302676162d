"""What a fresh stack is asked before a block: reads that warm every worker, and a file that nginx serves alone."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from tandem.errors import RunFailed
from tandem.launch.running_stack import RunningStack

WARMING_REQUESTS, WARMING_SECONDS, PATIENCE = 200, 5.0, 30.0
"""To each worker, for so long at most: a server that starts a process for each request has nothing to warm; and the seconds that
one of them may take."""

STATIC_REQUESTS = 100


def warm(stack: RunningStack) -> None:
    """Send every worker about 200 requests that only read, so that no first call of anything falls into a window.

    Workers that share a socket take what they get: there are two connections for each, so that none stays idle.
    """
    paths = stack.application.warm_up
    each = -(-WARMING_REQUESTS // len(paths) // 2)

    end = time.monotonic() + WARMING_SECONDS

    def client(_: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=PATIENCE)
        for path in paths * each:
            if time.monotonic() > end:
                break
            connection.request("GET", path)
            connection.getresponse().read()
        connection.close()

    clients = 2 * stack.processes
    try:
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(client, range(clients)))
    except (OSError, http.client.HTTPException) as error:
        stack.check()
        raise RunFailed(f"{stack.name} broke off while it was warmed: {error!r}") from error


def static_p50_ms(stack: RunningStack) -> float | None:
    """Return how long a static file of the stack's nginx takes, asked for one by one: no app is in it. None without one.

    Every stack has the same nginx, so what differs here is interference. Raises RunFailed where it breaks off.
    """
    if stack.application.static is None:
        return None
    times = []
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
    try:
        for _ in range(STATIC_REQUESTS):
            began = time.perf_counter()
            connection.request("GET", stack.application.static.file)
            connection.getresponse().read()
            times.append(1000 * (time.perf_counter() - began))
    except (OSError, http.client.HTTPException) as error:
        stack.check()
        raise RunFailed(f"nginx of {stack.name} broke off at a static file: {error!r}") from error
    finally:
        connection.close()
    return median(times)
