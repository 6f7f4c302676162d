"""What two packages say of the same thing without importing each other."""

from __future__ import annotations

import re
from pathlib import Path

from tandem.__main__ import OLDEST_PYTHON
from tests.support.accounts import ADMIN_JSON
from tests.support.clients import Client
from tests.support.stacks import USERDB
from userdb import settings, statements

ROOT = Path(__file__).parents[1]


def test_the_durability_that_is_reported_is_the_one_in_force() -> None:
    assert USERDB.database is not None
    assert USERDB.database.durability == "WAL, synchronous=NORMAL"
    for pragmas in (statements.SQLITE_PRAGMAS, statements.SQLITE_READ_PRAGMAS):
        assert "PRAGMA synchronous=NORMAL" in pragmas
    assert "PRAGMA journal_mode=WAL" in (ROOT / "userdb" / "database" / "lifecycle.py").read_text()


def test_nginx_and_the_apps_refuse_the_same_size(stack_client: Client) -> None:
    from userdb.forms import LARGEST_BODY

    body = b" " * (LARGEST_BODY - 2) + b"{}"
    headers = ADMIN_JSON
    assert stack_client.request("POST", "/api/users", headers, body).status == 422
    assert stack_client.request("POST", "/api/users", headers, body + b" ").status == 413


def test_the_oldest_python_is_the_same_everywhere() -> None:
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
    assert "(3, 11)" in (ROOT / "requirements" / "install").read_text()
    assert OLDEST_PYTHON == (3, 11)


class Asked(dict[str, str]):
    """An environment that holds nothing and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]  # only what is used of it
        self.names.add(name)
        return default


def test_every_setting_of_the_apps_is_described() -> None:
    asked = Asked()
    settings.from_environment(asked)
    table = (ROOT / "docs" / "operations.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    described = {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert described == asked.names


def test_the_password_that_is_documented_is_the_one_that_is_seeded() -> None:
    from userdb.passwords import SEEDED

    for name in ("README.md", "docs/operations.md", "userdb/README.md"):
        assert f"`{SEEDED}`" in (ROOT / name).read_text(), name
