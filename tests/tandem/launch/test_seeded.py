"""What harness and load know of a seeded database without importing what seeds it."""

from __future__ import annotations

from pathlib import Path

from tandem.paths import PROJECT
from tests.support.stacks import USERDB
from userdb import passwords


def test_the_password_of_seeded_users_is_the_same_everywhere() -> None:
    assert f"the password {passwords.SEEDED}," in (USERDB.account or "")
    assert f'password = "{passwords.SEEDED}"\n' in Path(USERDB.probes).read_text()
    assert f'PASSWORD = "{passwords.SEEDED}"\n' in (PROJECT / "loadtest" / "_seeded.py").read_text()
