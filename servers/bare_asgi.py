"""An ASGI application without a framework: a coroutine function that receives events and sends events."""

from __future__ import annotations

from typing import Any

from servers.bare import answered


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request; of the server's start and end there is nothing to say."""
    if scope["type"] == "lifespan":
        while (event := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{event['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    request_id = dict(scope["headers"]).get(b"x-request-id", b"-").decode("latin-1")
    answer = answered(scope["method"], scope["path"], scope["query_string"], request_id)
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})
