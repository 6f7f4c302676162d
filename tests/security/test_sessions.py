"""Sessions in both apps: what is forged, over or taken from somebody else opens nothing."""

from __future__ import annotations

import hashlib
import time

import msgspec
import pytest
from itsdangerous import Signer

from tests.support.accounts import KEY, OTHER_KEY, SESSIONS, account
from tests.support.clients import Client
from tests.support.people import PASSWORD, Person, authorization, bearer, fresh, join, send, session, token
from userdb.sessions import NOBODY, Session, Sessions

WRITES = [("POST", "/api/users"), ("PUT", "/api/users/7"), ("PATCH", "/api/users/7"), ("DELETE", "/api/users/7")]


def forged(mine: Session) -> dict[str, str]:
    """What somebody with a session of his own could make of it to become the administrator."""
    mine_signed = SESSIONS.token(mine)
    payload, _, signature = mine_signed.partition(".")
    admin = SESSIONS.begin(account(1))
    admins = SESSIONS.token(admin).partition(".")[0]
    salted = Signer(KEY, salt="tandem.form", digest_method=hashlib.sha256)
    return {
        "a changed payload": f"{admins}.{signature}",
        "no signature": admins,
        "an empty signature": f"{admins}.",
        "another key": Sessions([OTHER_KEY], 3600).token(admin),
        "another salt": salted.sign(admins).decode(),
        "a form's token": SESSIONS.csrf_token(admin),
        "a form's token as a signature": f"{admins}.{SESSIONS.csrf_token(admin)}",
        "a session that is over": SESSIONS.token(msgspec.structs.replace(admin, expires=int(time.time()) - 1)),
        "an older password": SESSIONS.token(msgspec.structs.replace(admin, stamp="0" * 16)),
        "no password": SESSIONS.token(msgspec.structs.replace(admin, stamp="")),
        "nobody": SESSIONS.token(SESSIONS.begin()),
        "a user that is not there": SESSIONS.token(msgspec.structs.replace(admin, user_id=2**62)),
        "a user id that none could be": SESSIONS.token(msgspec.structs.replace(admin, user_id=-1)),
        "cut off": SESSIONS.token(admin)[:-2],
        "with something before it": f"x{SESSIONS.token(admin)}",
        "quoted": f'"{SESSIONS.token(admin)}"',
        "of another's payload": f"{payload}.{SESSIONS.token(admin).partition('.')[2]}",
    }


def test_a_forged_session_opens_nothing(client: Client) -> None:
    member = join(client)
    for what, text in forged(session(member)).items():
        person = Person(client)
        person.cookie = text
        assert not person.is_logged_in(), what
        person.cookie = text
        assert person.open("/users/new").location == "/login?next=/users/new", what
        for method, path in (("GET", "/api/me"), ("PATCH", member.path), ("DELETE", member.path)):
            assert send(client, method, path, {"age": 5}, authorization(text)).status == 401, what
    assert b'"version":1' in client.request("GET", member.path).body


def test_a_cookie_and_a_token_are_not_taken_back_after_logging_out(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    person.log_in(member)
    seen = [person.cookie]
    page = person.open("/")  # which says something, and so brings a cookie of its own
    seen.append(person.cookie)
    assert person.send("/logout", page.form("/logout").fields).status == 303
    for cookie in seen:
        person.cookie = cookie
        assert not person.is_logged_in()
        assert client.request("GET", "/api/me", authorization(cookie)).status == 401
    assert len(set(seen)) == 2


def test_another_session_of_the_same_user_goes_on(client: Client) -> None:
    member = join(client)
    first, second = bearer(member), bearer(member)
    assert client.request("POST", "/api/logout", first).status == 204
    assert client.request("GET", "/api/me", second).status == 200


def test_a_session_that_was_there_before_logging_in_is_not_the_one_after_it(client: Client) -> None:
    member, victim, attacker = join(client, PASSWORD), Person(client), Person(client)
    attacker.open("/login")
    victim.cookie = attacker.cookie
    form = victim.open("/login").form("/login")
    victim.log_in(member)
    assert victim.session.id != attacker.session.id
    assert not attacker.is_logged_in()
    # The token that the attacker knows is of no use any more.
    sent = victim.send("/logout", {"csrf": form.fields["csrf"]})
    assert sent.status == 403
    assert victim.is_logged_in()


def test_a_login_over_a_login_ends_the_one_before(client: Client) -> None:
    first, second, person = join(client, PASSWORD), join(client, PASSWORD), Person(client)
    before = []
    for member in (first, second):
        person.log_in(member)
        before.append(person.cookie)
    name = fresh()
    person.fill("/register", username=name, email=f"{name}@example.org", password=PASSWORD)
    assert person.is_logged_in()
    for cookie in before:
        assert client.request("GET", "/api/me", authorization(cookie)).status == 401


def test_every_step_up_or_down_changes_the_id(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    ids = []
    person.open("/login")
    ids.append(person.session.id)
    person.log_in(member)
    ids.append(person.session.id)
    person.fill(f"{member.page}/edit", password="another battery")
    ids.append(person.session.id)
    person.fill("/logout")
    ids.append(person.session.id)
    assert person.session.user_id == NOBODY
    name = f"{member.username}2"
    person.fill("/register", username=name, email=f"{name}@example.org", password=PASSWORD)
    ids.append(person.session.id)
    assert len(set(ids)) == len(ids)


def test_a_cookie_alone_opens_nothing_of_the_api(client: Client) -> None:
    """A browser sends it along wherever a request comes from; only what a program adds by itself counts there."""
    cookie = {"Cookie": f"session={Person(client, 1).cookie}"}
    for method, path in [*WRITES, ("GET", "/api/me"), ("POST", "/api/logout")]:
        value = {"username": "x", "email": "x@example.org"}
        assert send(client, method, path, value, cookie).status == 401
    assert Person(client, 1).is_logged_in()


def test_a_token_alone_sends_no_form(client: Client) -> None:
    person = Person(client)
    fields = Person(client, 1).open("/users/7/delete").form("/users/7/delete").fields
    header = {"Authorization": f"Bearer {Person(client, 1).cookie}", "Sec-Fetch-Site": "same-origin"}
    assert person.send("/users/7/delete", fields, header).status == 403
    assert client.request("GET", "/api/users/7").status == 200


def test_of_two_cookies_the_first_counts(client: Client) -> None:
    good = Person(client, 1).cookie
    for cookies, status in ((f"session={good}; session=x", 200), (f"session=x; session={good}", 303)):
        assert client.request("GET", "/users/new", {"Cookie": cookies}).status == status


def test_what_holds_a_session_is_kept_nowhere_on_its_way(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    answers = [person.open("/login").answer, person.open("/register").answer]
    answers.append(person.fill("/login", username=member.username, password="wrong").answer)
    answers.append(person.fill("/login", username=member.username, password=PASSWORD).answer)
    answers += [
        person.open(path).answer for path in ("/", "/users", "/users/7", "/docs", f"{member.page}/edit", "/logout")
    ]
    answers.append(person.fill(f"{member.page}/edit", age="x").answer)
    answers.append(person.fill("/logout").answer)
    login = {"username": member.username, "password": PASSWORD}
    answers.append(send(client, "POST", "/api/login", login))
    answers.append(client.request("GET", "/api/me", authorization(token(client, member))))
    assert [answer.header("Cache-Control") for answer in answers] == ["no-store"] * len(answers)


def test_a_page_for_nobody_brings_no_cookie_unless_it_has_a_form(client: Client) -> None:
    person = Person(client)
    for path in ("/", "/users", "/users/7", "/docs", "/nowhere", "/users/new"):
        answer = person.open(path).answer
        assert (answer.header("Set-Cookie"), answer.header("Cache-Control")) == (None, None)
    assert person.open("/login").answer.header("Set-Cookie") is not None
    assert person.open("/login").answer.header("Set-Cookie") is None  # it has one by now


@pytest.mark.parametrize(("proto", "secure"), [("https", True), ("http", False), ("HTTPS", False), ("", False)])
def test_behind_tls_a_cookie_is_for_tls_alone(app_client: Client, proto: str, secure: bool) -> None:
    """nginx says which of both it was (tests/stack/test_untrusted.py: a client's own word does not get to an app)."""
    person = Person(app_client)
    said = {"X-Forwarded-Proto": proto}
    page = person.open("/login", said)
    attributes = (page.answer.header("Set-Cookie") or "").split("; ")[1:]
    assert [each for each in attributes if not each.startswith("Max-Age")] == [
        "Path=/",
        "HttpOnly",
        "SameSite=Lax",
        *["Secure"] * secure,
    ]
    own = {"Origin": f"{'https' if secure else 'http'}://{person.host}", **said}
    fields = page.form("/login").fields | {"username": "admin", "password": "correct-horse"}
    sent = person.send("/login", fields, own)
    assert sent.status == 303
    assert (sent.answer.header("Set-Cookie") or "").endswith("; Secure") is secure
    assert (person.open("/", said).answer.header("Set-Cookie") or "").endswith("; Secure") is secure
    assert (
        person.send("/login", fields, {**said, "Origin": f"{'http' if secure else 'https'}://{person.host}"}).status
        == 403
    )


@pytest.mark.parametrize("first", [0, 1])
def test_a_login_through_one_app_is_one_in_the_other_and_so_is_a_logout(both: list[Client], first: int) -> None:
    one, other = both[first], both[1 - first]
    member, person = join(one, PASSWORD), Person(one)
    header = authorization(token(one, member))
    person.log_in(member)
    person.client = other
    assert person.is_logged_in()
    assert other.request("GET", "/api/me", header).status == 200
    before = person.cookie
    person.fill("/logout")
    assert other.request("POST", "/api/logout", header).status == 204
    person.client, person.cookie = one, before
    assert not person.is_logged_in()
    assert one.request("GET", "/api/me", header).status == 401
