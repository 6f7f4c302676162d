"""Accounts of the tests: who is logged in where, without logging in each time."""

from __future__ import annotations

from tests.support.headers import JSON
from userdb.devices import Devices
from userdb.models import Account, User
from userdb.passwords import SEEDED_HASH
from userdb.sessions import Sessions

KEY = "the key of all tests - it is no secret"
OTHER_KEY = "another key of the tests - it is no secret"
SESSIONS = Sessions([KEY], 12 * 3600)
DEVICES = Devices([KEY])


def account(user_id: int = 1) -> Account:
    """A seeded account, as far as its sessions are concerned."""
    return Account(User(user_id, "", "", None, "", 1), SEEDED_HASH, is_admin=user_id == 1)


def bearer(user_id: int = 1) -> dict[str, str]:
    """The header of a program that is logged in as a seeded user, with a session of its own."""
    return {"Authorization": f"Bearer {SESSIONS.token(SESSIONS.begin(account(user_id)))}"}


ADMIN = bearer()
"""The header of the administrator."""

ADMIN_JSON = {**JSON, **ADMIN}
"""The headers of the administrator who sends JSON."""
