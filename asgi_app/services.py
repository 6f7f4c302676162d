"""What every request needs of its process: made once, when the app starts."""

from __future__ import annotations

from dataclasses import dataclass

from userdb import pools
from userdb.devices import Devices
from userdb.pools import States
from userdb.queues import Places
from userdb.sessions import Sessions
from userdb.settings import Settings

from .events import Events
from .news import News
from .passwords import Passwords
from .processes import Processes
from .stores import Store


@dataclass(frozen=True)
class Services:
    """Store and news service with their connections, workers for passwords and the laboratory, codecs, places, the rest."""

    store: Store
    news: News
    passwords: Passwords
    processes: Processes
    sessions: Sessions
    devices: Devices
    exports: Places
    events: Events
    listeners: Places
    settings: Settings

    def pools(self) -> States:
        """What there is few of in this process, as it is now."""
        known = {
            **self.store.pools(),
            "news": self.news.pool,
            **self.passwords.queue.pools(),
            "exports": self.exports.pool,
            "listeners": self.listeners.pool,
            **pools.of_seams,
        }
        return pools.read(known)
