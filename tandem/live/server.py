"""`python -m tandem.live.server FILE`: the process that serves the page and sends the load; it runs no app under test."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
import uvicorn

from tandem.live import page
from tandem.live.laboratory import Laboratory
from tandem.live.setup import Setup


async def serve(setup: Setup) -> None:
    """Serve until SIGTERM or SIGINT. Whatever breaks ends the process: a page that shows nothing new would lie."""
    laboratory = Laboratory(setup)
    await laboratory.prepare()
    config = uvicorn.Config(
        page.app(laboratory), host="127.0.0.1", port=setup.port, ws="none", lifespan="off", log_level="warning",
        access_log=False, timeout_graceful_shutdown=1, server_header=False,
    )  # fmt: skip
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(laboratory.send()), group.create_task(laboratory.watch())]
        await uvicorn.Server(config).serve()
        for task in tasks:
            task.cancel()
    await laboratory.stop()


def main(arguments: list[str]) -> int:
    """Serve what this file says; return the exit status."""
    setup = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Setup)
    try:
        asyncio.run(serve(setup))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
