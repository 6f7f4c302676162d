"""What every request needs of its process: made once, when the app starts."""

from __future__ import annotations

from dataclasses import dataclass

from userdb.sessions import Sessions
from userdb.settings import Settings

from .news import News
from .passwords import Passwords
from .store import Store


@dataclass(frozen=True)
class Services:
    """The store and the news service with their connections, the password workers, the codec of sessions, and the settings."""

    store: Store
    news: News
    passwords: Passwords
    sessions: Sessions
    settings: Settings
