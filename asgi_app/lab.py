"""The views of the laboratory, which block on purpose: there only with LAB=1, and never where anybody is served."""

from __future__ import annotations

import time

from userdb import urls, wire
from userdb.wire import Answer

from .http import Request, View, query, run_in_thread


async def sleep(request: Request) -> Answer:
    """The classic mistake: a blocking call in the handler itself."""
    seconds = urls.block_seconds(query(request))
    time.sleep(seconds)  # noqa: ASYNC251  # the mistake that is measured here
    return wire.blocked(seconds)


async def sleep_in_thread(request: Request) -> Answer:
    """The same call where it holds up no other request."""
    seconds = urls.block_seconds(query(request))
    await run_in_thread(time.sleep, seconds)
    return wire.blocked(seconds)


ROUTES: dict[str, dict[str, View]] = {
    "/lab/sleep": {"GET": sleep},
    "/lab/sleep-in-thread": {"GET": sleep_in_thread},
}
