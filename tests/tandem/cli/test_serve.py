"""`tandem serve`: until it is stopped or a process ends, its options, and the switches of make that become them."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.cli import parser
from tandem.launch import database, foreground, ports
from tandem.paths import PROJECT
from tests.support import toy
from tests.support.clients import HttpClient
from tests.support.processes import alive
from tests.support.stacks import USERDB
from tests.support.waiting import PATIENCE, eventually


@pytest.fixture
def serving(processes: None, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int, Path]]:
    """`tandem serve` with a toy, its port and its output."""
    port, output = ports.free_port(), tmp_path / "output"
    (tmp_path / "toy.toml").write_text(toy.table("toy", port=port))
    code = (
        "import sys; from pathlib import Path; from tandem.launch import foreground; from tandem.__main__ import main; "
        f"foreground.VAR = Path({str(tmp_path)!r}); sys.exit(main(sys.argv[1:]))"
    )
    with output.open("w") as file:
        command = [
            sys.executable,
            "-c",
            code,
            "serve",
            "toy",
            "--stacks-file",
            str(tmp_path / "toy.toml"),
            "--users",
            "30",
        ]
        served = subprocess.Popen(command, cwd=PROJECT, stdout=file, stderr=subprocess.STDOUT, text=True)
    try:
        assert eventually(lambda: is_said(output.read_text()) or served.poll() is not None)
        yield served, port, output
    finally:
        served.kill()
        served.wait()


def is_said(text: str) -> bool:
    """Tell whether the last line of the start is there, and whole."""
    return "toy ready" in text and text.endswith("\n")


def children_of(pid: int) -> list[int]:
    """Return the ids of the direct children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_serve_says_how_to_log_in_limits_that_and_stops_everything_on_ctrl_c(
    serving: tuple[subprocess.Popen[str], int, Path], tmp_path: Path
) -> None:
    served, port, output = serving
    assert f"http://127.0.0.1:{port} " in output.read_text().splitlines()[-1]
    assert "Ctrl-C" in output.read_text()
    assert {"admin", "correct-horse"} <= set(re.findall(r"[\w-]+", output.read_text()))
    assert {log_in(port) for _ in range(22)} == {200, 429}
    assert (tmp_path / "toy.db").exists()
    assert (tmp_path / f"seed-30-{database.maker(USERDB)}.db").exists()
    assert not ports.available(port)
    started = children_of(served.pid)
    assert len(started) == 3
    served.send_signal(signal.SIGINT)
    assert served.wait(PATIENCE) == 130
    assert not any(alive(pid) for pid in started)
    assert "SIGINT" in output.read_text().splitlines()[-1]


def test_serve_says_which_process_ended_and_stops_the_rest(serving: tuple[subprocess.Popen[str], int, Path]) -> None:
    served, port, output = serving
    started = children_of(served.pid)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /die HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert served.wait(PATIENCE) == 1
    assert not any(alive(pid) for pid in started)
    text = output.read_text()
    assert "toy server 1" in text
    assert "dying" in text


def log_in(port: int) -> int:
    return HttpClient("127.0.0.1", port).request("POST", "/api/login", {"X-Forwarded-For": "10.0.0.1"}, b"{}").status


def test_servers_can_be_given_environment_variables() -> None:
    assert parser.parser().parse_args(["serve", "--set", "A=b=c", "--set", "D="]).set == [("A", "b=c"), ("D", "")]


@pytest.mark.parametrize("text", ["A", "=b", ""])
def test_what_is_no_variable_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser.parser().parse_args(["serve", "--set", text])
    assert f"--set: {text!r} is not NAME=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("how", [[], ["--no-limits"]])
def test_limits_can_be_lifted(how: list[str]) -> None:
    assert parser.parser().parse_args(["serve", *how]).limits == (not how)


def test_a_kept_database_is_migrated_and_the_seed_of_other_code_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = foreground.ServeOptions(shared=False, users=30, news_delay=0, port=None, cpus=1, limits=True)
    done: list[str] = []
    monkeypatch.setattr(foreground, "VAR", tmp_path)
    monkeypatch.setattr(database, "migrate", lambda _, file, *__: done.append(f"migrate {file.name}"))
    monkeypatch.setattr(database, "seed", lambda _, snapshot, *__: snapshot.touch())
    monkeypatch.setattr(database, "restore", lambda _, __, file, *___: file.touch())
    old = tmp_path / "seed-30.db"
    old.touch()
    file = foreground._database("asgi", USERDB, options, tmp_path, print)
    assert (old.exists(), done) == (False, [])
    assert foreground._database("asgi", USERDB, options, tmp_path, print) == file
    assert done == ["migrate asgi.db"]
    shared = replace(options, shared=True)
    assert {foreground._database(name, USERDB, shared, tmp_path, print) for name in ("asgi", "wsgi-gthread")} == {
        tmp_path / "shared.db"
    }


def made(*arguments: str) -> str:
    """The last line of what make would do, or of what it refuses."""
    # It may itself be called by make, which then says where it goes.
    command = ["make", "-n", "--no-print-directory", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("name", ["LAB", "LIMITS", "SHARED"])
@pytest.mark.usefixtures("processes")
def test_a_switch_of_make_is_0_or_1(name: str) -> None:
    assert set(re.findall(rf"{name}=\w+", made("serve", f"{name}=no"))) == {f"{name}=no", f"{name}=0", f"{name}=1"}


@pytest.mark.usefixtures("processes")
def test_switches_of_make_become_options() -> None:
    assert made("serve", "SHARED=1", "LIMITS=0", "ARGS=--cpus 2").split()[-5:] == [
        "serve",
        "--shared",
        "--no-limits",
        "--cpus",
        "2",
    ]
    assert made("serve", "SHARED=0", "LIMITS=1", "LAB=0").split()[-1] == "serve"
    assert "--lab" in made("serve-asgi", "LAB=1")
    assert "--no-limits" in made("serve-wsgi", "LIMITS=0")
