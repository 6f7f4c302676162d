"""Devices that logged in before: strangers don't keep them out, and what speaks for them opens nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from itsdangerous.encoding import base64_encode

from tests.support.accounts import DEVICES, SESSIONS, account
from tests.support.answers import Answer
from tests.support.apps import APPS, cheap_passwords, in_process, settings_for
from tests.support.clients import Client
from tests.support.people import PASSWORD, Member, Person, authorization, cookies_of, join, log_in, send, token
from userdb.devices import SECONDS, Device, Devices

ATTEMPTS = 3


@pytest.fixture
def both(database: Path) -> Iterator[list[Client]]:
    """Both apps on one database, in which pauses begin soon and last for minutes."""
    settings = settings_for(database, LOGIN_ATTEMPTS=str(ATTEMPTS), LOGIN_WINDOW="36000")
    with cheap_passwords(), in_process("wsgi", settings) as one, in_process("asgi", settings) as other:
        yield [one, other]


@pytest.fixture(params=APPS)
def client(request: pytest.FixtureRequest, both: list[Client]) -> Client:
    """One of them."""
    return both[APPS.index(request.param)]


def known(client: Client, name: str, password: str) -> str:
    """The cookie of a device that logged in."""
    answer = log_in(client, name, password)
    assert answer.status == 200, answer
    return cookies_of(answer)["device"]


def attempt(client: Client, name: str, password: str, device: str, address: str = "") -> Answer:
    """An attempt with this cookie."""
    headers = {"Cookie": f"device={device}", "X-Forwarded-For": address}
    return send(client, "POST", "/api/login", {"username": name, "password": password}, headers)


def flood(client: Client, name: str) -> None:
    """Strangers try a name until none is let try any more, at no address."""
    for number in range(1000):
        if attempt(client, name, "wrong", "", f"192.0.2.{number}").status == 429:
            break
    assert attempt(client, name, PASSWORD, "", "198.51.100.1").status == 429


def test_a_right_password_from_a_known_device_works_in_a_flood(client: Client) -> None:
    member = join(client, PASSWORD)
    device = known(client, member.username, PASSWORD)
    flood(client, member.username)
    for _ in range(2 * ATTEMPTS):
        assert attempt(client, member.username, PASSWORD, device).status == 200


def test_so_does_the_administrators(client: Client) -> None:
    device = known(client, "admin", "correct-horse")
    flood(client, "admin")
    assert attempt(client, "admin", "correct-horse", device).status == 200


def test_and_that_of_a_person_on_the_page(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    person.log_in(member)
    assert person.fill("/logout").status == 303
    flood(client, member.username)
    stranger = Person(client)
    assert stranger.fill("/login", username=member.username, password=PASSWORD).status == 429
    assert person.fill("/login", username=member.username, password=PASSWORD).status == 303
    assert person.is_logged_in()


def test_what_is_known_to_one_app_is_known_to_the_other(both: list[Client]) -> None:
    member = join(both[0], PASSWORD)
    for one, other in (both, both[::-1]):
        device = known(one, member.username, PASSWORD)
        flood(one, member.username)
        assert attempt(other, member.username, PASSWORD, device).status == 200
        with_it = cookies_of(attempt(other, member.username, PASSWORD, device))["device"]
        assert DEVICES.read(with_it) is not None
        member = join(one, PASSWORD)


def test_a_known_device_that_guesses_waits_too_and_nobody_else_with_it(client: Client) -> None:
    member = join(client, PASSWORD)
    one, other = (known(client, member.username, PASSWORD) for _ in range(2))
    found = [attempt(client, member.username, "wrong", one).status for _ in range(ATTEMPTS + 2)]
    assert found == [401] * ATTEMPTS + [429] * 2
    refused = attempt(client, member.username, PASSWORD, one)
    assert (refused.status, int(refused.header("Retry-After") or "") > 0) == (429, True)
    assert attempt(client, member.username, PASSWORD, other).status == 200
    assert log_in(client, member.username, PASSWORD).status == 200


def test_a_success_makes_a_new_start_on_the_device(client: Client) -> None:
    member = join(client, PASSWORD)
    device = known(client, member.username, PASSWORD)
    for _ in range(3):
        for _ in range(ATTEMPTS - 1):
            assert attempt(client, member.username, "wrong", device).status == 401
        device = cookies_of(attempt(client, member.username, PASSWORD, device))["device"]


def forged(client: Client, member: Member) -> dict[str, str]:
    """What speaks for no device of this member."""
    good = DEVICES.read(known(client, member.username, PASSWORD))
    other = join(client, PASSWORD)
    assert good is not None
    text = DEVICES.cookie(good, account(member.id), "/", False)[1].partition(";")[0].partition("=")[2]
    return {
        "of another user": known(client, other.username, PASSWORD),
        "unsigned": text.rpartition(".")[0],
        "another key": signed(Devices(["another key of the tests - it is no secret"]), good),
        "a session": SESSIONS.token(SESSIONS.begin(account(member.id))),
        "forgotten": signed(DEVICES, msgspec.structs.replace(good, expires=int(time.time()) - 1)),
        "cut off": text[:-2],
        "nothing": "",
        "no text": "%C3%A9.=",
    }


def signed(devices: Devices, device: Device) -> str:
    """A device, signed by these keys whatever it holds."""
    return devices._signer.sign(base64_encode(msgspec.json.encode(device))).decode()


def test_nothing_else_speaks_for_a_device(client: Client) -> None:
    member = join(client, PASSWORD)
    candidates = forged(client, member)
    flood(client, member.username)
    for what, text in candidates.items():
        assert attempt(client, member.username, PASSWORD, text).status == 429, what


def test_a_device_opens_nothing(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    device = known(client, member.username, PASSWORD)
    for text in (device, SESSIONS.token(SESSIONS.begin())):
        person.cookie = text
        assert not person.is_logged_in()
        assert client.request("GET", "/api/me", authorization(device)).status == 401
        assert client.request("GET", "/users/new", {"Cookie": f"device={text}; session={text}"}).status == 303


def test_devices_of_an_older_password_have_one_count_together(client: Client) -> None:
    """Whoever once knew the password may have made many of them."""
    member = join(client, PASSWORD)
    old = [known(client, member.username, PASSWORD) for _ in range(ATTEMPTS + 2)]
    header = authorization(token(client, member))
    assert send(client, "PATCH", member.path, {"password": "another battery"}, header).status == 200
    flood(client, member.username)
    assert attempt(client, member.username, "another battery", old[0]).status == 200  # it logged in before
    found = [attempt(client, member.username, "wrong", device).status for device in old]
    assert found == [401] * ATTEMPTS + [429] * 2


def test_a_device_on_which_the_password_was_changed_is_one_of_the_new(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    person.log_in(member)
    before = DEVICES.read(person.device)
    assert person.fill(f"{member.page}/edit", password="another battery").status == 303
    after = DEVICES.read(person.device)
    assert before is not None
    assert after is not None
    assert (after.id, after.user_id) == (before.id, before.user_id)
    assert after.stamp != before.stamp


def test_registering_makes_a_device_known(client: Client) -> None:
    person = Person(client)
    name = join(client).username + "x"
    assert person.fill("/register", username=name, email=f"{name}@example.org", password=PASSWORD).status == 303
    flood(client, name)
    assert person.fill("/login", username=name, password=PASSWORD).status == 303


@pytest.mark.parametrize(("proto", "more"), [("http", []), ("https", ["Secure"])])
def test_the_cookie_is_for_logging_in_alone(client: Client, proto: str, more: list[str]) -> None:
    member, person = join(client, PASSWORD), Person(client)
    said = {"X-Forwarded-Proto": proto}
    given = {"username": member.username, "password": PASSWORD}
    fields = person.open("/login", said).form("/login").fields | given
    page = person.send("/login", fields, said | {"Origin": f"{proto}://{person.host}"})
    answers = {"/login": page.answer, "/api/login": send(client, "POST", "/api/login", given, said)}
    for path, answer in answers.items():
        cookies = [value for name, value in answer.headers if name.lower() == "set-cookie" and "device=" in value]
        assert [each.split("; ")[1:] for each in cookies] == [
            [f"Path={path}", f"Max-Age={SECONDS}", "HttpOnly", "SameSite=Strict", *more]
        ]
    assert [name for name, _ in answers["/login"].headers].count("set-cookie") == 2


def test_no_cookie_comes_of_what_is_refused(client: Client) -> None:
    assert cookies_of(log_in(client, "admin", "wrong")) == {}
    page = Person(client)
    assert "device" not in cookies_of(page.fill("/login", username="admin", password="wrong").answer)
