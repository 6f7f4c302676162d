"""What harness and load know of a seeded database without importing what seeds it."""

from __future__ import annotations

from tandem.launch import database
from tandem.paths import PROJECT
from userdb import passwords


def test_the_password_of_seeded_users_is_the_same_everywhere() -> None:
    assert database.PASSWORD == passwords.SEEDED
    assert f'PASSWORD = "{passwords.SEEDED}"\n' in (PROJECT / "loadtest" / "_seeded.py").read_text()
