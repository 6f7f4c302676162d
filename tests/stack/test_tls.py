"""Both apps behind TLS: HTTPS and HTTP/2, cookies that are Secure, nobody served without it, and a certificate that is changed under load."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.launch import running_stack, tls
from tandem.launch.running_stack import RunningStack
from tandem.plan import stacks
from tests.support.answers import Answer
from tests.support.headers import JSON
from tests.support.processes import descendants
from tests.support.stacks import environment_for
from tests.support.waiting import eventually

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
"""What a client says first in HTTP/2, with an empty SETTINGS frame (RFC 9113, 3.4)."""
SETTINGS = 4
"""The type of the frame with which a server begins."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificate:
    return tls.kept(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["wsgi-gthread", "asgi"])
def served(
    request: pytest.FixtureRequest,
    processes: None,
    seeded: Path,
    certificate: tls.Certificate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningStack]:
    """Each app behind an nginx that speaks TLS."""
    place = replace(
        environment_for(tmp_path_factory.mktemp("served"), seeded, "http://127.0.0.1:9/news"), tls=certificate
    )
    with running_stack.running(request.param, stacks.load([])[request.param], place) as running:
        yield running


def ask(
    port: int, context: ssl.SSLContext | None, method: str, target: str, body: bytes = b"", **headers: str
) -> Answer:
    """Ask over a connection of its own, with TLS or without."""
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
        if context
        else http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    )
    try:
        connection.request(method, target, body=body or None, headers=headers)
        found = connection.getresponse()
        return Answer(found.status, found.getheaders(), found.read())
    finally:
        connection.close()


def test_http_2_is_spoken_over_tls_1_3(served: RunningStack, certificate: tls.Certificate) -> None:
    context = certificate.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", served.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        assert (connection.selected_alpn_protocol(), connection.version()) == ("h2", "TLSv1.3")
        connection.sendall(PREFACE)
        assert connection.recv(9)[3] == SETTINGS


def test_old_tls_and_a_certificate_of_nobody_s_are_refused(served: RunningStack) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(served.port, ssl.create_default_context(), "GET", "/healthz")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        ask(served.port, old, "GET", "/healthz")


def test_whoever_comes_without_tls_is_sent_to_it(served: RunningStack) -> None:
    answer = ask(served.port, None, "GET", "/users?q=a%20b", Host=f"localhost:{served.port}")
    assert answer.status == 308
    assert answer.header("Location") == f"https://localhost:{served.port}/users?q=a%20b"


def test_a_login_s_cookies_are_secure_and_browsers_stay_with_tls(
    served: RunningStack, certificate: tls.Certificate
) -> None:
    answer = ask(served.port, certificate.context(), "GET", "/login")
    assert answer.status == 200
    assert "max-age=" in (answer.header("Strict-Transport-Security") or "")
    body = b'{"username":"admin","password":"correct-horse"}'
    answer = ask(served.port, certificate.context(), "POST", "/api/login", body, **JSON)
    assert answer.status == 200
    cookies = [value for name, value in answer.headers if name.lower() == "set-cookie"]
    assert cookies
    assert all("; Secure" in cookie for cookie in cookies)


def test_a_new_certificate_under_load_loses_no_request(served: RunningStack, certificate: tls.Certificate) -> None:
    """nginx begins anew with HUP; whoever connects is answered before, while and after.

    The files are other ones: what was written again in the same second as before, nginx takes for the same.
    """
    new = tls.kept(certificate.key.parent / f"new-{served.name}")
    both = ssl.create_default_context(cafile=str(certificate.authority))
    both.load_verify_locations(str(new.authority))
    statuses: list[int] = []
    stop, workers = threading.Event(), descendants(served.nginx.pid)

    def load() -> None:
        while not stop.is_set():
            statuses.append(ask(served.port, both, "GET", "/healthz").status)

    loads = [threading.Thread(target=load) for _ in range(3)]
    kept = {file: file.read_bytes() for file in (certificate.chain, certificate.key)}
    try:
        for each in loads:
            each.start()
        assert eventually(lambda: len(statuses) > 20)
        new_chain = presented_by(new)
        new.chain.replace(certificate.chain)
        new.key.replace(certificate.key)
        os.kill(served.nginx.pid, signal.SIGHUP)
        assert eventually(lambda: presented(served.port, both) == new_chain)
        so_far = len(statuses)
        assert eventually(lambda: len(statuses) > so_far + 20)
    finally:
        stop.set()
        for each in loads:
            each.join()
        for file, content in kept.items():
            file.write_bytes(content)
    assert set(statuses) == {200}
    # Until then one of them may still take a connection, and show what it had.
    assert eventually(lambda: not workers & descendants(served.nginx.pid))


def test_a_key_of_another_certificate_changes_nothing(served: RunningStack, certificate: tls.Certificate) -> None:
    """nginx reads both at HUP, says that they don't belong together, and goes on with what it had."""
    other = tls.kept(certificate.key.parent / f"other-{served.name}")
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    kept, before = certificate.key.read_bytes(), served.nginx.log.stat().st_size
    shown = presented(served.port, anyone)
    try:
        other.key.replace(certificate.key)
        os.kill(served.nginx.pid, signal.SIGHUP)
        assert eventually(lambda: b"key values mismatch" in served.nginx.log.read_bytes()[before:])
        assert presented(served.port, anyone) == shown
        assert ask(served.port, anyone, "GET", "/healthz").status == 200
    finally:
        certificate.key.write_bytes(kept)


def presented(port: int, context: ssl.SSLContext) -> bytes | None:
    """The certificate that a server shows now."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        return connection.getpeercert(binary_form=True)


def presented_by(certificate: tls.Certificate) -> bytes:
    """The first certificate of a chain."""
    return ssl.PEM_cert_to_DER_cert(
        certificate.chain.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    )
