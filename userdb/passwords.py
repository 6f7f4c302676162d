"""Passwords: argon2id as OWASP advises for servers, 19 MiB, two passes, one lane; what is kept is its usual text form.

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html. One lane, because more of them only
contend for the CPUs that other requests need. Both functions keep a CPU busy for some 20 ms, with the GIL released: the apps
call them where nobody else waits.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SEEDED = "correct-horse"
"""The password of all seeded users, the administrator among them: seeded databases are for trying and measuring."""

SEEDED_HASH = "$argon2id$v=19$m=19456,t=2,p=1$KMtPdl0wcsMgOEWcgZ2xOA$VyVaYQ+XSQtX63cYJ/k+1cCR/JelfV4Og3MaAm07c5Q"

# Of a password that nobody knows: finding out that somebody is not there takes as long as that a password is wrong.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$lSY2ZTVmjQ1IWyOzQ0xC0A$gjrzvyhtjL45gxdVti3o7mqHFVIivP6vZfQEp64IE/s"


def hashed(password: str) -> str:
    """The hash to keep, with a salt of its own."""
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password of this hash; without a hash it is not, and saying so takes as long."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False
