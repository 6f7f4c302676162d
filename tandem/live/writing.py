"""Writing: what bystanders of a lane create beside a kind of blocker that only writes show, and remove again."""

from __future__ import annotations

import json
import re
from collections import deque

from tandem.live import asking
from tandem.plan import tables
from tandem.plan.kinds import Writes

MOST_CREATED = 50
"""When so many of what was created are there, the next write removes the oldest: about so many stay."""

_PLACE = re.compile(rb"(?im)^location: *(/\S+)")


class Writer:
    """All that is written to one lane."""

    def __init__(self, port: int) -> None:
        self._port, self._token = port, ""
        self._places: deque[str] = deque()  # where what was created is, the oldest first

    async def log_in(self, writes: Writes) -> bool:
        """Tell whether the lane lets somebody in who may write."""
        answer = await asking.ask(
            self._port, "POST", writes.log_in.path, asking.BYSTANDER_GIVES_UP, body=writes.log_in.body
        )
        try:
            self._token = str(json.loads(answer.body)["token"])
        except (ValueError, LookupError, TypeError):
            return False
        return answer.status == 200

    async def write(self, writes: Writes, number: int) -> int:
        """Create something, or remove the oldest where many are there; return the status, 0 for none in time."""
        if len(self._places) >= MOST_CREATED:
            return await self._remove(self._places.popleft())
        body = {name: tables.fill(value, {"number": str(number)}) for name, value in writes.create.body.items()}
        answer = await self._ask("POST", writes.create.path, body)
        if answer.status == 201 and (place := _PLACE.search(answer.head)):
            self._places.append(place[1].decode())
        return answer.status

    async def _remove(self, place: str) -> int:
        status = (await self._ask("DELETE", place)).status
        if status != 204:  # it is still there
            self._places.append(place)
        return status

    async def _ask(self, method: str, path: str, body: object = None) -> asking.LiveAnswer:
        return await asking.ask(self._port, method, path, asking.BYSTANDER_GIVES_UP, body=body, token=self._token)
