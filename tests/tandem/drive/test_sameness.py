"""The proof that stacks give the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.drive import sameness
from tandem.errors import RunFailed, TandemError
from tandem.launch import ports
from tandem.plan import contract
from tandem.plan.contract import Contract, Probe
from tests.support.scripted import scripted
from tests.support.stacks import USERDB

ANSWER = (
    b"HTTP/1.1 404 Not Found\r\nDate: Fri, 20 Nov 2026 22:03:58 GMT\r\nX-Request-ID: 47787790b2eebaa7eb96cb5accc336ba\r\n\r\n"
    b'{"type":"about:blank","request_id":"47787790b2eebaa7eb96cb5accc336ba"}'
)

CONTRACT = contract.read(Path(USERDB.probes), 100)


def masked(answer: bytes) -> bytes:
    """An answer of the user database without what must differ."""
    return sameness.masked(answer, CONTRACT.masks)


def asking(*probes: Probe) -> Contract:
    """These probes, and what the user database hands out."""
    return CONTRACT._replace(probes=probes)


def test_a_probe_is_sent_as_written_and_every_byte_returned() -> None:
    probe = Probe("POST", "/api/users?a=%FF", (("Content-Type", "application/json"),), b"{}")
    with scripted([ANSWER]) as server:
        assert sameness.exchange(server.port, probe) == ANSWER
    assert server.heads == [
        b"POST /api/users?a=%%FF HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: 2\r\n\r\n{}" % server.port
    ]


def test_only_what_must_differ_is_masked() -> None:
    other = ANSWER.replace(b"47787790b2eebaa7eb96cb5accc336ba", b"5084112cecbe3753af24e0784074a1f3").replace(
        b":58 GMT", b":59 GMT"
    )
    assert masked(other) == masked(ANSWER)
    for old, new in [
        (b"404", b"405"),
        (b"Not Found", b"NOT FOUND"),
        (b"Date", b"date"),
        (b"about:blank", b"about: blank"),
    ]:
        assert masked(ANSWER.replace(old, new)) != masked(ANSWER)


def test_the_request_id_in_a_page_is_masked() -> None:
    page = b"HTTP/1.1 404 Not Found\r\nX-Request-ID: %s\r\n\r\n<p>request %s</p>"
    assert masked(page % (b"a" * 32, b"a" * 32)) == masked(page % (b"b" * 32, b"b" * 32))


def test_the_time_of_creation_is_masked_but_not_that_of_seeded_users() -> None:
    body = b'HTTP/1.1 200 OK\r\n\r\n{"created_at":"%s"}'
    assert masked(body % b"2026-11-20T01:00:00Z") == masked(body % b"2026-11-20T02:00:00Z")
    assert masked(body % b"2026-01-01T00:00:07Z") != masked(body % b"2026-01-01T00:00:08Z")


SIGNED = [
    (b'{"token":"%s","expires_at":"2026-01-31T23:59:59Z"}', b"one", b"WyI3.x-_"),
    (b'{"token":"same","expires_at":"%s"}', b"2026-01-31T23:59:59Z", b"2026-01-31T23:59:58Z"),
    (b"HTTP/1.1 303 See Other\r\nSet-Cookie: session=%s; Path=/; Max-Age=9; HttpOnly\r\n\r\n", b"one", b"WyI3.x-_"),
    (b"HTTP/1.1 303 See Other\r\nSet-Cookie: session=x; Path=/; Max-Age=%s; HttpOnly\r\n\r\n", b"43200", b"43199"),
    (b'<input type="hidden" name="csrf" value="%s">', b"one", b"WyI3-_"),
]


@pytest.mark.parametrize(("answer", "one", "other"), SIGNED)
def test_what_is_freshly_signed_is_masked(answer: bytes, one: bytes, other: bytes) -> None:
    assert masked(answer % one) == masked(answer % other)
    assert masked(answer % one) != masked(answer % b""), "it must be there"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"Set-Cookie: session=a; Path=/; Max-Age=9; HttpOnly", b"Set-Cookie: session=a; Path=/; Max-Age=9"),
        (b"Set-Cookie: session=a; Path=/; Max-Age=9", b"set-cookie: session=a; Path=/; Max-Age=9"),
        (b"Set-Cookie: session=a; Path=/; Max-Age=9", b"Set-Cookie: session=a; Path=/; Max-Age=0"),
        (b"Set-Cookie: other=a; Path=/; Max-Age=9", b"Set-Cookie: other=b; Path=/; Max-Age=9"),
        (b'<input name="next" value="/">', b'<input name="next" value="/users">'),
        (b'{"token":"x"}', b'{"token": "x"}'),
    ],
)
def test_what_stands_around_it_is_not(one: bytes, other: bytes) -> None:
    assert masked(one) != masked(other)


def answer(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"", body])


def test_each_stack_is_given_the_token_that_it_handed_out() -> None:
    logging_in = Probe("POST", "/api/login", teaches=("token",))
    bearer = Probe("GET", "/api/me", (("Authorization", "Bearer {token}"),))
    tokens = [answer(b'{"token":"first"}'), answer(b""), answer(b'{"token":"second"}'), answer(b"")]
    with scripted(*([each] for each in tokens)) as server:
        found = sameness.answers(server.port, asking(logging_in, bearer, logging_in, bearer))
    assert b"Authorization: Bearer first\r\n" in server.heads[1]
    assert b"Authorization: Bearer second\r\n" in server.heads[3]
    assert found[0] == found[2]
    assert b"first" not in b"".join(found)


def test_a_form_is_sent_with_what_its_page_brought() -> None:
    page = answer(b'<input type="hidden" name="csrf" value="c-1">', b"Set-Cookie: session=s.1; Path=/; Max-Age=9")
    probes = [
        Probe("GET", "/login", teaches=("session", "csrf")),
        Probe("POST", "/login", (("Cookie", "session={session}"),), b"csrf={csrf}"),
    ]
    with scripted([page], [answer(b"")]) as server:
        sameness.answers(server.port, asking(*probes))
    assert b"Cookie: session=s.1\r\n" in server.heads[1]
    assert server.heads[1].endswith(b"Content-Length: 8\r\n\r\ncsrf=c-1")


def test_a_login_that_fails_is_shown() -> None:
    probe = Probe("POST", "/api/login", teaches=("token",))
    with scripted([b'HTTP/1.1 401 Unauthorized\r\n\r\n{"detail":"wrong"}']) as server:
        with pytest.raises(RunFailed, match=r"POST /api/login .* token [\s\S]*HTTP/1.1 401[\s\S]*wrong"):
            sameness.answers(server.port, asking(probe))


def test_a_difference_is_shown_as_a_diff_with_its_probe() -> None:
    asked = [Probe("GET", "/a"), Probe("GET", "/b", (("If-Match", '"1"'),))]
    found = sameness.difference(asked, "wsgi", [b"same", b"x\r\nETag: 1"], "asgi", [b"same", b"x\r\netag: 1"])
    *shown, hint = found.splitlines()
    assert shown == ['GET /b [If-Match: "1"]', "--- wsgi", "+++ asgi", "@@ -1,2 +1,2 @@", " x", "-ETag: 1", "+etag: 1"]
    assert "tandem compare --waive 'GET /b'" in hint
    assert sameness.difference(asked, "wsgi", [b"1", b"2"], "asgi", [b"1", b"2"]) == ""


def test_no_answer_is_a_failure() -> None:
    with pytest.raises(RunFailed, match=r"no answer .* GET /a"):
        sameness.answers(ports.free_port(), asking(Probe("GET", "/a")))
    with scripted([b""]) as server, pytest.raises(RunFailed, match=r"empty .* GET /a"):
        sameness.answers(server.port, asking(Probe("GET", "/a")))


def test_the_probes_read_and_write_good_and_bad() -> None:
    asked = CONTRACT.probes
    assert len(asked) >= 30
    assert {probe.method for probe in asked} == {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
    assert any(probe.target == "/api/users/101" for probe in asked)
    assert any(name == "If-None-Match" for probe in asked for name, _ in probe.headers)


def test_no_probe_needs_what_none_before_it_teaches() -> None:
    known: set[str] = set()
    for probe in CONTRACT.probes:
        text = str(probe.headers) + probe.body.decode()
        needed = {name for name in ("token", "session", "csrf") if f"{{{name}}}" in text}
        assert needed <= known, probe
        known |= set(probe.teaches)
    assert known == {"token", "session", "csrf"}


LONG = Probe("GET", f"/api/users/{'9' * 5000}")


def refused(*waived: Probe) -> str:
    """The difference where the second stack refuses what the first one doesn't know."""
    ours, theirs = (f"HTTP/1.1 {status}\r\n\r\n{LONG.target}".encode() for status in (404, 414))
    return sameness.difference([LONG], "a", [ours], "b", [theirs], waived)


def test_a_difference_is_short_names_the_flag_and_how_to_waive_it() -> None:
    shown = refused()
    assert len(shown) < 1500
    assert all(len(line) < 250 for line in shown.splitlines())
    assert "-HTTP/1.1 404" in shown
    assert "+HTTP/1.1 414" in shown
    assert "--limit-request-line 0" in shown
    assert "tandem compare --waive 'GET /api/users/9999" in shown


def test_escape_characters_of_an_answer_do_not_reach_the_terminal() -> None:
    shown = sameness.difference([Probe("GET", "/")], "a", [b"\x1b]0;owned\x07"], "b", [b"x"])
    assert shown.isprintable() or not {"\x1b", "\x07"} & set(shown)


def test_a_probe_that_is_waived_makes_no_difference() -> None:
    contract_ = asking(LONG, Probe("GET", "/"))
    assert refused(*contract.waived(contract_, ["GET /api/users/99"])) == ""
    assert contract.waived(contract_, []) == []
    with pytest.raises(TandemError, match="'GET /zebra'"):
        contract.waived(contract_, ["GET /zebra"])


def test_sizes_that_only_settings_allow_are_known() -> None:
    many = Probe("GET", "/", tuple((f"X-{number}", "x") for number in range(101)))
    assert "--limit-request-fields 32768" in (sameness.hint(many) or "")
    assert "--limit-request-field_size 0" in (sameness.hint(Probe("GET", "/", (("X", "x" * 9000),))) or "")
    assert sameness.hint(Probe("GET", "/")) is None
