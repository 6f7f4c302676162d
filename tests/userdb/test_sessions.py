"""Sessions as text: what is believed, and what nobody can make up."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

from userdb.models import Account, User
from userdb.sessions import NOBODY, Session, Sessions, belongs

OLD, KEY, NEW = (f"{name} key, of 32 characters and more" for name in ("old", "present", "new"))
SECONDS = 10**6
SESSIONS = Sessions([KEY], SECONDS)
ADA = Account(User(7, "ada", "ada@example.org", None, "", 1), "$argon2id$a hash", is_admin=False)
SESSION = SESSIONS.begin(ADA)
TOKEN = SESSIONS.token(SESSION)


def signed(value: object, key: str = KEY, salt: str = "tandem.session") -> str:
    """A value signed with the library alone."""
    return Signer(key, salt=salt, digest_method=hashlib.sha256).sign(text(value)).decode()


def text(value: object) -> bytes:
    """A value as a token holds it."""
    return base64_encode(msgspec.json.encode(value))


def test_a_session_comes_back() -> None:
    assert SESSIONS.read(TOKEN) == SESSION
    assert (SESSION.user_id, SESSION.flash) == (7, "")
    assert SESSIONS.read(signed(SESSION)) == SESSION  # so that what is forged below is forged well


def test_each_session_has_an_id_of_its_own() -> None:
    assert len({SESSIONS.begin(ADA).id for _ in range(100)}) == 100
    assert len(SESSION.id) == 32


FORGED: dict[str, str] = {
    "nothing": "",
    "a dot": ".",
    "no signature": text(SESSION).decode(),
    "an empty signature": text(SESSION).decode() + ".",
    "another user": f"{text(msgspec.structs.replace(SESSION, user_id=1)).decode()}.{TOKEN.rpartition('.')[2]}",
    "more time": f"{text(msgspec.structs.replace(SESSION, expires=2**40)).decode()}.{TOKEN.rpartition('.')[2]}",
    "the signature of another session": f"{TOKEN.partition('.')[0]}.{SESSIONS.token(SESSIONS.begin(ADA)).rpartition('.')[2]}",
    "another key": signed(SESSION, key=OLD),
    "the salt of forms": signed(SESSION, salt="tandem.form"),
    "the library's own salt": signed(SESSION, salt="itsdangerous.Signer"),
    "a form's token": SESSIONS.csrf_token(SESSION),
    "a form's token behind the id": f"{SESSION.id}.{SESSIONS.csrf_token(SESSION)}",
    "a form's token behind the session": f"{TOKEN.partition('.')[0]}.{SESSIONS.csrf_token(SESSION)}",
    "another order": f"{TOKEN.rpartition('.')[2]}.{TOKEN.partition('.')[0]}",
    "it twice": f"{TOKEN}.{TOKEN}",
    "other text, signed": signed("hello"),
    "too little, signed": signed(["id", 7]),
    "fields of other kinds, signed": signed(["id", "7", "", 2**40]),
}


@pytest.mark.parametrize("what", FORGED)
def test_what_was_not_signed_here_is_nothing(what: str) -> None:
    assert SESSIONS.read(FORGED[what]) is None


def test_no_part_of_a_token_is_one() -> None:
    assert all(SESSIONS.read(TOKEN[:length]) is None for length in range(len(TOKEN)))
    assert all(SESSIONS.read(TOKEN[start:]) is None for start in range(1, len(TOKEN)))


@given(st.integers(0, len(TOKEN) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_another_character_never_makes_another_session(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    # The last character of a signature has two bits to spare: that much is the same text, and the same session.
    assert SESSIONS.read(changed) in ((None, SESSION) if position > TOKEN.index(".") or changed == TOKEN else (None,))


@given(st.text())
@example("\ud800")
@example("é.é")
@example("\0")
@example("a." * 1000)
def test_any_text_is_read(text: str) -> None:
    assert SESSIONS.read(text) is None
    assert SESSIONS.of_cookie(f"session={text}") is None
    assert SESSIONS.of_bearer(f"Bearer {text}") is None
    assert not SESSIONS.is_csrf_token(SESSION, text)


def test_a_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SESSION.expires - 1.0
    monkeypatch.setattr(time, "time", lambda: now)
    assert SESSIONS.read(TOKEN) == SESSION
    now += 1
    assert SESSIONS.read(TOKEN) is None
    assert "Max-Age=0;" in SESSIONS.cookie(SESSION, False)


def test_keys_are_rotated() -> None:
    """The first signs, all are believed; what was signed by one that is gone is not."""
    old, both, new = Sessions([OLD], 60), Sessions([NEW, OLD], 60), Sessions([NEW], 60)
    before = old.begin(ADA)
    assert both.read(old.token(before)) == before
    assert both.is_csrf_token(before, old.csrf_token(before))
    after = both.token(before)
    assert (new.read(after), old.read(after)) == (before, None)
    assert new.is_csrf_token(before, both.csrf_token(before))
    assert not old.is_csrf_token(before, both.csrf_token(before))
    assert new.read(old.token(before)) is None


def test_the_token_of_a_form_is_of_its_session() -> None:
    other = SESSIONS.begin(ADA)
    assert SESSIONS.is_csrf_token(SESSION, SESSIONS.csrf_token(SESSION))
    assert SESSIONS.is_csrf_token(SESSIONS.flashed(SESSION, "changed"), SESSIONS.csrf_token(SESSION))
    for token in (SESSIONS.csrf_token(other), "", TOKEN, SESSION.id, TOKEN.rpartition(".")[2]):
        assert not SESSIONS.is_csrf_token(SESSION, token)


def test_a_cookie_is_for_this_site_alone_and_for_no_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: SESSION.expires - 60.5)
    plain = f"session={TOKEN}; Path=/; Max-Age=61; HttpOnly; SameSite=Lax"
    assert SESSIONS.cookie(SESSION, False) == plain
    assert SESSIONS.cookie(SESSION, True) == f"{plain}; Secure"


@pytest.mark.parametrize(
    ("wrapped", "found"),
    [
        ("session={}", True),
        ("a=b; session={}; c=d", True),
        ("a=b;session={}", True),
        ("session={}; session=x", True),
        ("session=x; session={}", False),  # the first of a name is that of the longer path or the older, by RFC 6265
        ("Session={}", False),
        ("xsession={}", False),
        ("session", False),
        ('session="{}"', False),
    ],
)
def test_a_session_among_cookies(wrapped: str, found: bool) -> None:
    assert (SESSIONS.of_cookie(wrapped.format(TOKEN)) == SESSION) is found


def test_a_session_as_a_bearer() -> None:
    assert SESSIONS.of_bearer(f"Bearer {TOKEN}") == SESSION
    for header in (None, "", TOKEN, f"Basic {TOKEN}", f"Bearer{TOKEN}", f"Bearer x {TOKEN}"):
        assert SESSIONS.of_bearer(header) is None


def test_a_message_goes_with_a_session_and_begins_one_of_nobody() -> None:
    assert SESSIONS.flashed(SESSION, "changed") == msgspec.structs.replace(SESSION, flash="changed")
    begun = SESSIONS.flashed(None, "logged-out")
    assert (begun.user_id, begun.stamp, begun.flash) == (NOBODY, "", "logged-out")


def changed(change: Callable[[Session], Session]) -> bool:
    return belongs(change(SESSION), ADA)


def test_a_session_belongs_to_an_account_as_long_as_its_password_stays() -> None:
    assert belongs(SESSION, ADA)
    assert not belongs(SESSION, None)
    for password_hash in ("$argon2id$another hash", None):
        assert not belongs(SESSION, Account(ADA.user, password_hash, is_admin=False))
    nobody = SESSIONS.begin()
    assert not belongs(nobody, ADA)


def test_a_token_holds_no_hash() -> None:
    decoded = msgspec.json.encode(SESSION)
    assert ADA.password_hash is not None
    assert ADA.password_hash.encode() not in decoded
    assert b"argon2" not in decoded
