"""The command `tandem`, mostly as a person calls it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tandem import __main__, errors
from tandem.cli import main as cli
from tandem.cli import parser
from tandem.errors import RunFailed, TandemError
from tandem.launch import database, foreground, lock, ports
from tandem.paths import PROJECT
from tandem.plan import needs, stacks
from tandem.records import run_folder
from tandem.records.journal import RECORDS
from tests.support import toy
from tests.support.clients import HttpClient
from tests.support.processes import alive
from tests.support.stacks import USERDB
from tests.support.waiting import eventually


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


@pytest.mark.parametrize("command", ["serve", "compare", "capacity", "stacks", "seed", "report", "doctor"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run([command, "--help"])
    assert ended.value.code == 0
    assert "usage: tandem " + command in capsys.readouterr().out


def test_the_examples_are_calls_that_parse() -> None:
    calls = [line.split("   ")[0].split()[1:] for line in parser.EXAMPLES.splitlines() if line.startswith("  tandem ")]
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
    given = parser.parser().parse_args(["compare", "--stacks-group", "servers", "--stacks", "asgi"])
    named = cli._named(given, stacks.load())
    assert named is not None
    assert "asgi-granian" not in named
    assert "wsgi-granian is left out: it is missing" in capsys.readouterr().out
    assert named[-1] == "asgi"


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


@pytest.mark.parametrize(
    ("version", "platform", "call", "says"),
    [
        ((3, 10), "linux", ["--help"], "Python 3.11 or later is needed and this is 3.10"),
        ((3, 12), "darwin", ["compare"], "`tandem compare` needs Linux"),
        ((3, 12), "darwin", ["capacity"], "`tandem capacity` needs Linux"),
        ((3, 12), "win32", ["serve", "asgi"], "`tandem report` and `tandem stacks` work here"),
    ],
)
def test_an_unsupported_platform_is_a_sentence(
    version: tuple[int, int], platform: str, call: list[str], says: str
) -> None:
    assert says in str(__main__.objection(version, platform, call))


def test_supported_platforms_and_commands_pass() -> None:
    assert __main__.objection((3, 11), "linux", ["compare"]) is None
    assert __main__.objection((3, 13), "darwin", ["report", "results/latest"]) is None


@pytest.mark.usefixtures("processes")
def test_a_missing_library_is_a_sentence() -> None:
    code = "import sys; sys.modules['msgspec'] = None; from tandem.__main__ import main; sys.exit(main(['stacks']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False
    )
    refused(done, "the library msgspec is missing: run `make setup`")


def test_errors_of_the_operating_system_are_sentences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr(stacks, "load", full)
    assert cli.run(["stacks"]) == 1
    assert "the disk is full (/somewhere): make room" in capsys.readouterr().err
    assert errors.sentence(PermissionError(13, "Permission denied")) == "Permission denied"


def test_a_run_folder_is_new_and_latest_points_at_the_last(tmp_path: Path) -> None:
    with run_folder.new(tmp_path / "results") as first, run_folder.new(tmp_path / "results") as second:
        assert first != second
        for folder in (first, second):
            run_folder.point_latest(folder)
            assert (tmp_path / "results" / "latest").resolve() == folder


def test_a_run_folder_stays_only_if_it_holds_records(tmp_path: Path) -> None:
    out = tmp_path / "results"
    with suppress(RunFailed), run_folder.new(out) as folder:
        (folder / "logs").mkdir()
        raise RunFailed("they do not give the same answers")
    assert not out.exists()
    with suppress(RunFailed), run_folder.new(out) as folder:
        (folder / RECORDS).write_text("{}\n")
        raise RunFailed("the disk is full")
    assert list(out.iterdir()) == [folder]


def test_a_disk_that_is_as_good_as_full_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "ROOM", 2**62)
    with pytest.raises(TandemError, match="MB are free"):
        run_folder.new(tmp_path / "results").__enter__()
    assert not (tmp_path / "results").exists()


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
        assert eventually(lambda: "toy ready at" in output.read_text() or served.poll() is not None)
        yield served, port, output
    finally:
        served.kill()
        served.wait()


def children_of(pid: int) -> list[int]:
    """Return the ids of the direct children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_serve_runs_until_ctrl_c_and_stops_everything(
    serving: tuple[subprocess.Popen[str], int, Path], tmp_path: Path
) -> None:
    served, port, output = serving
    assert output.read_text().splitlines()[-1].startswith(f"toy ready at http://127.0.0.1:{port} (nginx ")
    assert "Ctrl-C stops everything" in output.read_text()
    assert (tmp_path / "toy.db").exists()
    assert not ports.available(port)
    started = children_of(served.pid)
    assert len(started) == 3
    served.send_signal(signal.SIGINT)
    assert served.wait(15) == 130
    assert not any(alive(pid) for pid in started)
    assert output.read_text().endswith("tandem: stopped by SIGINT\n")


def log_in(port: int) -> int:
    return HttpClient("127.0.0.1", port).request("POST", "/api/login", {"X-Forwarded-For": "10.0.0.1"}, b"{}").status


def test_serve_says_how_to_log_in_and_limits_that(
    serving: tuple[subprocess.Popen[str], int, Path], tmp_path: Path
) -> None:
    _, port, output = serving
    assert "log in as admin with the password correct-horse" in output.read_text()
    assert {log_in(port) for _ in range(22)} == {200, 429}
    assert (tmp_path / f"seed-30-{database.maker(USERDB)}.db").exists()


def made(*arguments: str) -> str:
    """The last line of what make would do, or of what it refuses."""
    # It may itself be called by make, which then says where it goes.
    command = ["make", "-n", "--no-print-directory", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("name", ["LAB", "LIMITS", "SHARED"])
@pytest.mark.usefixtures("processes")
def test_a_switch_of_make_is_0_or_1(name: str) -> None:
    assert f"{name}=no is neither {name}=0 nor {name}=1" in made("serve", f"{name}=no")


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


@pytest.mark.parametrize("command", ["serve", "seed"])
def test_what_breaks_on_a_full_disk_is_told_as_a_full_disk(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RunFailed("asgi did not become ready within 60 s: (nothing logged)")

    monkeypatch.setattr(foreground, "serve", broken)
    monkeypatch.setattr(database, "fill", broken)
    monkeypatch.setattr(foreground, "VAR", tmp_path)
    monkeypatch.setattr(lock, "FOLDER", tmp_path / "running")
    monkeypatch.setattr(errors, "SCARCE", 2**62)
    assert cli.run([command, *(["--database", str(tmp_path / "x.db")] if command == "seed" else [])]) == 1
    said = capsys.readouterr().err
    assert "the disk is full (" in said
    assert "did not become ready" in said


def test_servers_can_be_given_environment_variables() -> None:
    assert parser.parser().parse_args(["serve", "--set", "A=b=c", "--set", "D="]).set == [("A", "b=c"), ("D", "")]


@pytest.mark.parametrize("text", ["A", "=b", ""])
def test_what_is_no_variable_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser.parser().parse_args(["serve", "--set", text])
    assert "is not NAME=VALUE" in capsys.readouterr().err


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


def test_serve_says_which_process_ended_and_stops_the_rest(serving: tuple[subprocess.Popen[str], int, Path]) -> None:
    served, port, output = serving
    started = children_of(served.pid)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /die HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert served.wait(15) == 1
    assert not any(alive(pid) for pid in started)
    text = output.read_text()
    assert "tandem: toy server 1 ended by itself" in text
    assert "dying as asked" in text
