"""The store over the drivers themselves: each unit of work is one call, and changes that wait are written together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import time
from typing import TYPE_CHECKING, Any

from userdb import database_errors, errors, units
from userdb.attempts import Counter
from userdb.events import Event, Kept
from userdb.forms import Preconditions, UserChange, UserForm
from userdb.models import Account, User
from userdb.pools import Read
from userdb.sessions import Session
from userdb.settings import Settings
from userdb.urls import PageOfUsers

from . import sqlite

if TYPE_CHECKING:
    from . import postgresql


class Store:
    """The users in the database, over connections of this process."""

    def __init__(self, settings: Settings) -> None:
        settings.require_database()
        self._settings = settings
        self._database = sqlite.Database(settings) if settings.on_sqlite else of_postgresql(settings)

    def watch(self, connections: Any) -> None:
        """Have those counted who wait for a connection: in the laboratory alone."""
        self._database.watch(connections)

    def pools(self) -> dict[str, Read]:
        """How the connections for reading and the one for writing are, asked later."""
        return self._database.pools()

    async def open(self) -> None:
        """Connect, and ask whether the connections can be trusted with data. Raises DefectiveSQLiteError, OtherSchema."""
        try:
            await self._database.open()
            with database_errors.translate_schema_errors(errors.Busy, self._database.driver.Error):
                database_errors.refuse_other_schema(await self._database.read(units.schema))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close all connections, when what was begun is written."""
        await self._database.close()

    async def ready(self) -> None:
        """Return if the database answers. Raises Busy."""
        await self._database.read(units.ready)

    async def wait(self, seconds: float) -> None:
        """Return when a query has taken so long. Raises Busy."""
        await self._database.read(units.wait, seconds)

    async def hold_lock(self, seconds: float) -> None:
        """Return when a transaction that may write has taken so long. Raises Busy."""
        await self._database.write(units.wait, seconds)

    async def holding(self, call: Callable[[], Any]) -> None:
        """Call something after the database was asked: this store lends nobody a connection, so none can be kept."""
        await self.ready()
        await call()

    async def page_of_users(self, page: PageOfUsers) -> list[User]:
        """Up to `page.limit` + 1 users in the order of their ids, or in that of their names."""
        return await self._database.read(units.page_of_users, page)

    async def read_user(self, user_id: int) -> User:
        """One user. Raises NotFound."""
        return await self._database.read(units.read_user, user_id)

    async def check_new(self, form: UserForm) -> None:
        """Return if a user can be made of `form`, as far as can be seen before it is done. Raises Taken."""
        await self._database.read(units.check_new, form)

    async def check_change(self, user_id: int, form: UserForm | UserChange, preconditions: Preconditions) -> None:
        """The same of a change. Raises NotFound, PreconditionFailed, Taken."""
        await self._database.read(units.check_change, user_id, form, preconditions)

    async def create_user(self, author: Session | None, form: UserForm, password_hash: str | None) -> User:
        """The user that is made of `form`, by nobody else where there is no author. Raises Unauthorized, Forbidden, Taken."""
        return await self._database.write(units.create_user, author, form, password_hash)

    async def create_users(self, author: Session, forms: Sequence[UserForm]) -> None:
        """All these users, or none of them. Raises Unauthorized, Forbidden, LinesTaken, and Taken where others came between."""
        await self._database.write(units.create_users, author, forms)

    async def change_user(
        self,
        author: Session,
        user_id: int,
        form: UserForm | UserChange,
        preconditions: Preconditions,
        password_hash: str | None,
    ) -> User:
        """The user as `form` leaves it; without a hash the old one stays.

        Raises Unauthorized, Forbidden, NotFound, PreconditionFailed, Taken.
        """
        return await self._database.write(units.change_user, author, user_id, form, preconditions, password_hash)

    async def remove_user(self, author: Session, user_id: int, preconditions: Preconditions) -> None:
        """Remove a user. Raises Unauthorized, Forbidden, NotFound, PreconditionFailed."""
        await self._database.write(units.remove_user, author, user_id, preconditions)

    async def find_account(self, username: str) -> Account | None:
        """The account with this name, if there is one."""
        return await self._database.read(units.find_account, username)

    async def account(self, session: Session) -> Account | None:
        """The account whose session it is, unless the session was ended."""
        return await self._database.read(units.account, session)

    async def end_session(self, session: Session) -> None:
        """Remember that the session is over, for as long as it would have lasted; what it writes just now comes first."""
        await self._database.write(units.end_session, session, int(time()))

    async def check_pauses(self, counters: list[Counter]) -> None:
        """Return if there may be an attempt to log in, as far as can be seen before it is counted. Raises TooManyAttempts."""
        await self._database.read(units.check_pauses, counters, int(time()))

    async def count_attempt(self, counters: list[Counter]) -> None:
        """Count an attempt to log in, by all these counters or by none. Raises TooManyAttempts in a pause."""
        await self._database.write(units.count_attempt, counters, int(time()), self._settings.login_window)

    async def clear_attempts(self, counters: list[Counter]) -> None:
        """Forget the attempts of the first counter, and by the others this one: it has succeeded."""
        await self._database.write(units.clear_attempts, counters)

    async def kept_events(self) -> Kept:
        """Which events there are still."""
        return await self._database.read(units.kept_events)

    async def events_after(self, last: int) -> list[Event]:
        """The next events after one, up to a piece of them."""
        return await self._database.read(units.events_after, last)


def of_postgresql(settings: Settings) -> postgresql.Database:
    """The other database. Its driver takes a tenth of an app's start, so only who has that database imports it."""
    from . import postgresql

    return postgresql.Database(settings)
