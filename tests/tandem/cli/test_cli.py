"""The command `tandem`, mostly as a person calls it; `tandem serve`: test_serve.py."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tandem import errors
from tandem.cli import main as cli
from tandem.cli import parser
from tandem.errors import RunFailed
from tandem.launch import database, foreground, lock, ports
from tandem.paths import PROJECT
from tandem.plan import needs, profiles, stacks
from tests.support import toy


def tandem(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the command and return what it did."""
    command = [sys.executable, "-m", "tandem", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60, check=False)


def refused(done: subprocess.CompletedProcess[str], says: str, status: int = 2) -> None:
    """Assert that a call was refused with a sentence."""
    assert done.returncode == status, done
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("processes")
def test_version_and_help() -> None:
    assert re.fullmatch(r"tandem \d+\.\d+\.\d+\n", tandem("--version").stdout)
    text = tandem("--help").stdout
    for word in ("serve", "compare", "capacity", "stacks", "seed", "report", "doctor", "examples:", "exit status:"):
        assert word in text


@pytest.mark.parametrize("command", ["serve", "compare", "capacity", "stacks", "seed", "report", "diff", "doctor"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run([command, "--help"])
    assert ended.value.code == 0
    assert "usage: tandem " + command in capsys.readouterr().out


def test_a_run_held_against_itself_has_not_changed(capsys: pytest.CaptureFixture[str]) -> None:
    sample = str(PROJECT / "docs" / "sample")
    assert cli.run(["diff", sample, sample]) == 0
    told = capsys.readouterr().out
    assert "No change seen" in told
    assert "What else differs" not in told
    assert cli.run(["diff", sample, sample, "--csv"]) == 0
    assert capsys.readouterr().out.count("no change seen") == told.count("no change seen")


def test_what_is_no_run_can_not_be_held_against_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["diff", str(PROJECT / "docs" / "sample"), str(tmp_path)]) == 2
    assert "give the folder of a run" in capsys.readouterr().err


def test_the_examples_are_calls_that_parse() -> None:
    calls = [line.split("   ")[0].split()[1:] for line in parser.EPILOGUE.splitlines() if line.startswith("  tandem ")]
    assert len(calls) >= 5
    for call in calls:
        parser.parser().parse_args(call)


def test_stacks_lists_what_each_may_use(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(toy.table("mine"))
    assert cli.run(["stacks", "--cpus", "2", "--stacks-file", str(tmp_path / "mine.toml")]) == 0
    said = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line}
    assert "\nwsgi-direct, asgi-direct:\n  tuned: " in said
    assert rows["wsgi-sync"][1:7] == ["wsgi_app", "5", "1", "5", "10", "5"]
    assert rows["asgi"][4] == "–"
    assert "mine" in rows


def test_stacks_shows_one_with_what_its_server_can_t_keep(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["stacks", "asgi-hypercorn"]) == 0
    said = capsys.readouterr().out
    assert "python -m hypercorn 'asgi_app.app:create_app()'" in said
    assert "no answer has a reason phrase" in said
    assert cli.run(["stacks", "asgi"]) == 0
    assert "keeps the contract without exception" in capsys.readouterr().out


def test_a_server_that_is_missing_is_a_sentence_and_leaves_its_group(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "lacking", lambda given: "it is missing: run `make servers`" if given else "")
    assert cli.run(["serve", "wsgi-granian"]) == 2
    assert "the stack wsgi-granian can't be started: it is missing: run `make servers`" in capsys.readouterr().err
    given = parser.parser().parse_args(["compare", "--stacks-group", "servers", "--stacks", "asgi-direct"])
    named = cli._named(given, stacks.load(), profiles.STANDARD)
    assert named is not None
    assert "asgi-granian" not in named
    assert "wsgi-granian is left out: it is missing" in capsys.readouterr().out
    assert named[-1] == "asgi-direct"


def test_a_stack_that_can_t_be_asked_leaves_its_group_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def named(*arguments: str) -> list[str]:
        given = parser.parser().parse_args(["compare", "--stacks-group", "history", *arguments])
        return cli._named(given, stacks.load(), profiles.STANDARD) or []

    assert "wsgi-dev" in named("--scenarios", "read")
    assert "wsgi-cgi is left out: it has only /healthz and /api/add, and the scenario 'read'" in capsys.readouterr().out
    assert "wsgi-cgi" not in named("--scenarios", "add")
    said = capsys.readouterr().out
    assert "wsgi-cgi is left out: it would take minutes for the scenario 'add'; enough for it: start" in said
    assert "wsgi-cgi" not in named()
    capsys.readouterr()
    named("--scenarios", "start")
    assert "wsgi-cgi is left out: it " not in capsys.readouterr().out


@pytest.mark.usefixtures("processes")
def test_seed_makes_a_database_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["seed", "--users", "25", "--database", str(tmp_path / "u.db")]
    assert cli.run(call) == 0
    assert "25 users" in capsys.readouterr().out
    assert cli.run(call) == 1
    assert "holds users already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "says", "status"),
    [
        (["compare", "--stacks", "zebra,asgi"], "unknown stack 'zebra'", 2),
        (["compare", "--scenarios", "zebra"], "unknown scenario 'zebra'", 2),
        (["compare", "--scenarios", "read,pages,everyday,write,login,floor,waiting"], "give --rounds 10", 2),
        (["compare", "--rounds", "3", "--require-decided"], "can't be met: 3 rounds", 2),
        (["compare", "--rounds", "3", "--plan-extension", "3"], "at each of two looks: give --rounds", 2),
        (
            ["compare", "--stacks", "asgi,wsgi-sync"],
            "no baseline among the stacks: give --baseline with one of asgi",
            2,
        ),
        (["seed", "--database", "/nonexistent/x.db"], "there is no folder /nonexistent", 2),
        (["compare", "--out", "/proc/nowhere"], "the results folder /proc/nowhere can't be written", 2),
        (["compare", "--stacks-file", "/no/such.toml"], "can't be read", 2),
        (["serve", "zebra"], "unknown stack 'zebra'", 2),
        (["serve", "--port", "8099"], "--port is for one stack", 2),
        (["serve", "wsgi-sync", "wsgi-gthread"], "both want port 8080", 2),
        (["report", "/no/such/run"], "no records.jsonl", 2),
    ],
)
@pytest.mark.usefixtures("processes")
def test_wrong_calls_are_sentences(
    call: list[str], says: str, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None)
    monkeypatch.setattr(ports, "refuse_used", lambda *_: None)
    assert cli.run(call) == status
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    "call",
    [
        ["compare", "--quick", "--profile", "standard"],
        ["compare", "--rounds", "x"],
        ["compare", "--seconds", "0"],
        ["serve", "--news-delay", "-1"],
        ["zebra"],
        [],
    ],
)
def test_wrong_values_are_refused_by_the_parser(call: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(call)
    assert ended.value.code == 2
    assert "usage: tandem" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "compare"])
@pytest.mark.parametrize("name", ["DATABASE_URL", "NEWS_URL"])
def test_a_setting_that_would_not_be_used_is_refused(
    command: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "postgresql://localhost/users")
    assert cli.run([command]) == 2
    assert f"{name} is set, and tandem doesn't use it" in capsys.readouterr().err


@pytest.mark.usefixtures("processes")
def test_a_missing_nginx_is_a_sentence() -> None:
    refused(tandem("serve", "asgi", "--port", str(ports.free_port()), NGINX="/no/such/nginx"), "NGINX=/no/such/nginx")


@pytest.mark.usefixtures("processes")
def test_a_port_in_use_is_a_sentence_that_names_what_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        refused(tandem("serve", "wsgi-sync", WSGI_PORT=number), f"port {number} on 127.0.0.1 is in use")
        refused(tandem("serve", "asgi", "--port", number), "ASGI_PORT")


def test_a_broken_records_file_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "records.jsonl").write_text("{}\n{}\n")
    assert cli.run(["report", str(tmp_path)]) == 2
    assert "records.jsonl holds a line that is no record" in capsys.readouterr().err


def test_errors_of_the_operating_system_are_sentences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr(stacks, "load", full)
    assert cli.run(["stacks"]) == 1
    assert "the disk is full (/somewhere): make room" in capsys.readouterr().err
    assert errors.sentence(PermissionError(13, "Permission denied")) == "Permission denied"


@pytest.mark.parametrize("command", ["serve", "seed"])
def test_what_breaks_on_a_full_disk_is_told_as_a_full_disk(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RunFailed("asgi did not become ready within 60 s: (nothing logged)")

    monkeypatch.setattr(foreground, "serve", broken)
    monkeypatch.setattr(database, "fill", broken)
    monkeypatch.setattr(foreground, "VAR", tmp_path)
    monkeypatch.setattr(lock, "LOCKS_FOLDER", tmp_path / "running")
    monkeypatch.setattr(errors, "SCARCE", 2**62)
    assert cli.run([command, *(["--database", str(tmp_path / "x.db")] if command == "seed" else [])]) == 1
    said = capsys.readouterr().err
    assert "the disk is full (" in said
    assert "did not become ready" in said
