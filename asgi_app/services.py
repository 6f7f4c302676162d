"""What every request needs of its process: made once, when the app starts."""

from __future__ import annotations

from dataclasses import dataclass

from userdb.devices import Devices
from userdb.sessions import Sessions
from userdb.settings import Settings

from .news import News
from .passwords import Passwords
from .processes import Processes
from .stores import Store


@dataclass(frozen=True)
class Services:
    """Store and news service with their connections, the workers for passwords and for the laboratory, codecs, settings."""

    store: Store
    news: News
    passwords: Passwords
    processes: Processes
    sessions: Sessions
    devices: Devices
    settings: Settings
