"""Keys of sessions: they are rotated, shared by those that read one file, and refused where others can read them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import asgi_app.app
import wsgi_app.app
from tests.support.accounts import KEY, OTHER_KEY, account
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.people import Person, authorization, send
from userdb.keys import KeysError
from userdb.sessions import Sessions
from userdb.settings import from_environment


@pytest.mark.parametrize("app", APPS)
def test_keys_are_rotated(app: str, database: Path) -> None:
    old, new = Sessions([KEY], 60), Sessions([OTHER_KEY], 60)
    before = authorization(old.token(old.begin(account(1))))
    with in_process(app, settings_for(database, SESSION_KEYS=f"{OTHER_KEY},{KEY}")) as client:
        assert client.request("GET", "/api/me", before).status == 200
        person = Person(client)
        person.cookie = old.token(old.begin(account(1)))
        assert person.fill("/users/7/edit", age="5").status == 303  # a form signed by neither is refused
        assert new.read(person.cookie) is not None
        assert old.read(person.cookie) is None
        after = authorization(token_of_admin(client))
        assert new.read(after["Authorization"].partition(" ")[2]) is not None
    with in_process(app, settings_for(database, SESSION_KEYS=OTHER_KEY)) as client:
        assert client.request("GET", "/api/me", before).status == 401
        assert client.request("GET", "/api/me", after).status == 200


def token_of_admin(client: Client) -> str:
    """A token of the administrator, from an app with keys of its own."""
    answer = send(client, "POST", "/api/login", {"username": "admin", "password": "correct-horse"})
    found: str = msgspec.json.decode(answer.body)["token"]
    return found


def test_apps_that_share_a_file_of_keys_believe_each_other(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "session-keys"
    settings = from_environment({"DATABASE_URL": f"sqlite:///{database}", "SESSION_KEYS_FILE": str(file)})
    with in_process("wsgi", settings) as one, in_process("asgi", settings) as other:
        assert other.request("GET", "/api/me", authorization(token_of_admin(one))).status == 200
        assert one.request("GET", "/api/me", authorization(token_of_admin(other))).status == 200
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("create", [wsgi_app.app.create_app, asgi_app.app.create_app])
def test_an_app_does_not_start_with_keys_that_others_can_read(create: object, database: Path, tmp_path: Path) -> None:
    assert callable(create)
    file = tmp_path / "session-keys"
    file.write_text(KEY)
    file.chmod(0o644)
    settings = from_environment({"DATABASE_URL": f"sqlite:///{database}", "SESSION_KEYS_FILE": str(file)})
    with pytest.raises(KeysError, match="chmod 600 it"):
        create(settings)
