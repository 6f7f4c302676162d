"""nginx: found, tested, configured."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from tandem.errors import TandemError
from tandem.launch import nginx
from tests.support.stacks import USERDB


def program(file: Path, text: str) -> Path:
    """Write a shell script that can be run."""
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def configured(folder: Path, port: int = 18080) -> Path:
    nginx.configure(folder, USERDB, public_port=port, servers=["127.0.0.1:18001", "127.0.0.1:18002"], keepalive=8)
    return folder


@pytest.mark.usefixtures("processes")
def test_a_binary_is_found_and_new_enough() -> None:
    assert tuple(map(int, nginx.version(nginx.find()).split(".")[:2])) >= nginx.OLDEST_NGINX


@pytest.mark.usefixtures("processes")
def test_another_binary_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = program(tmp_path / "mine", "echo nginx version: nginx/1.22.0 >&2")
    monkeypatch.setenv("NGINX", str(mine))
    assert nginx.find() == mine
    assert nginx.version(mine) == "1.22.0"


def test_a_named_binary_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGINX", "/no/such/nginx")
    with pytest.raises(TandemError, match="NGINX=/no/such/nginx "):
        nginx.find()


def test_without_any_binary_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NGINX", raising=False)
    monkeypatch.setattr(nginx, "_from_wheel", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(TandemError, match="make setup"):
        nginx.find()


@pytest.mark.parametrize(("says", "reason"), [("nginx/1.18.0", "1.18.0: 1.22 .*NGINX="), ("zebra", "/old .*NGINX=")])
@pytest.mark.usefixtures("processes")
def test_an_old_or_strange_binary_is_refused(tmp_path: Path, says: str, reason: str) -> None:
    with pytest.raises(TandemError, match=reason):
        nginx.version(program(tmp_path / "old", f"echo {says} >&2"))


@pytest.mark.usefixtures("processes")
def test_the_written_configuration_holds_and_lists_every_server(tmp_path: Path) -> None:
    folder = configured(tmp_path / "a folder with spaces")
    nginx.check(nginx.find(), folder)
    upstream = (folder / "upstream.conf").read_text()
    assert [line.split()[1].strip('"') for line in upstream.splitlines() if " server " in line] == [
        "127.0.0.1:18001",
        "127.0.0.1:18002",
    ]
    assert "least_conn;" in upstream
    assert "keepalive 8;" in upstream


def test_a_server_without_keepalive_gets_none(tmp_path: Path) -> None:
    nginx.configure(tmp_path / "run", USERDB, public_port=18080, servers=["127.0.0.1:18001"], keepalive=0)
    upstream = (tmp_path / "run" / "upstream.conf").read_text()
    assert "keepalive" not in upstream
    assert 'default "close";' in upstream  # newer versions of nginx keep connections unless told otherwise


@pytest.mark.usefixtures("processes")
def test_a_refused_configuration_shows_what_nginx_says(tmp_path: Path) -> None:
    folder = configured(tmp_path / "run")
    (folder / "listen.conf").write_text("listen nowhere-at-all;\n")
    with pytest.raises(TandemError, match=rf"{folder}:[\s\S]*listen.conf"):
        nginx.check(nginx.find(), folder)


def test_a_clone_without_configuration_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nginx, "CONFIGURATION", tmp_path / "missing")
    with pytest.raises(TandemError, match=f"{tmp_path / 'missing'}"):
        configured(tmp_path / "run")


def test_the_times_that_nginx_kept_are_those_of_requests_that_began_in_the_window(tmp_path: Path) -> None:
    (tmp_path / nginx.TIMING_LOG).write_text(
        "100.500\t0.400\ta\n101.000\t0.010\tb\n101.005\t0.020\tc\n102.000\t0.001\td\n"
    )
    assert nginx.times(tmp_path, 100.5, 101.999) == pytest.approx([10, 20])
    assert nginx.times(tmp_path / "nowhere", 0, 1e9) == []


@pytest.mark.usefixtures("processes")
def test_only_a_stack_that_is_measured_keeps_times(tmp_path: Path) -> None:
    assert (configured(tmp_path / "one") / "log.conf").read_text() == nginx.FAILURES
    folder = tmp_path / "two"
    nginx.configure(folder, USERDB, public_port=18080, servers=["127.0.0.1:18001"], keepalive=8, timing=True)
    assert nginx.TIMING_LOG in (folder / "log.conf").read_text()
    nginx.check(nginx.find(), folder)


@pytest.mark.usefixtures("processes")
def test_an_app_that_needs_nothing_of_nginx_gets_the_common_part(tmp_path: Path) -> None:
    plain = msgspec.structs.replace(USERDB, nginx=None, static=None)
    nginx.configure(tmp_path / "run", plain, public_port=18080, servers=["127.0.0.1:18001"], keepalive=0, limits=True)
    nginx.check(nginx.find(), tmp_path / "run")
    assert (tmp_path / "run" / "app" / "server.conf").read_text() == nginx.EMPTY_INCLUDE


def test_a_folder_that_the_row_names_and_is_not_there_is_named(tmp_path: Path) -> None:
    wrong = msgspec.structs.replace(USERDB, nginx=str(tmp_path / "missing"))
    with pytest.raises(TandemError, match=rf"'{USERDB.title}' .*{tmp_path / 'missing'}"):
        nginx.configure(tmp_path / "run", wrong, public_port=18080, servers=["127.0.0.1:18001"], keepalive=0)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("protocol", ["uwsgi", "fastcgi", "scgi"])
def test_a_server_that_is_handed_variables_is_reached_over_a_socket(tmp_path: Path, protocol: str) -> None:
    folder = tmp_path / "run"
    nginx.configure(
        folder, USERDB, public_port=18080, servers=["unix:/nowhere/1.socket"], keepalive=0, protocol=protocol,
        parameters={"SCRIPT_FILENAME": "/a path/app.cgi"},
    )  # fmt: skip
    nginx.check(nginx.find(), folder)
    assert 'server "unix:/nowhere/1.socket" max_fails=0;' in (folder / "upstream.conf").read_text()
    text = (folder / "proxy.conf").read_text()
    assert f"{protocol}_pass app;" in text
    assert f'{protocol}_param SCRIPT_FILENAME "/a path/app.cgi";' in text
    assert f"{protocol}_param HTTP_X_FORWARDED_PROTO $scheme;" in text
    assert ("CONTENT_LENGTH $" in text) == (protocol != "scgi")  # nginx sends that by itself


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("protocol", "file", "line"),
    [
        ("http", "headers.conf", 'proxy_set_header X-Request-Start "t=${msec}";'),
        ("uwsgi", "proxy.conf", 'uwsgi_param HTTP_X_REQUEST_START "t=${msec}";'),
    ],
)
def test_servers_are_told_when_a_request_came_where_that_is_asked_for_alone(
    tmp_path: Path, protocol: str, file: str, line: str
) -> None:
    for started in (False, True):
        folder = tmp_path / str(started)
        nginx.configure(
            folder, USERDB, public_port=18080, servers=["127.0.0.1:18001"], keepalive=0, protocol=protocol, started=started
        )  # fmt: skip
        nginx.check(nginx.find(), folder)
        assert (line in (folder / file).read_text()) == started
        text = "".join(each.read_text() for each in sorted(folder.glob("*.conf")))
        assert ("X-Request-Start" in text or "X_REQUEST_START" in text) == started
