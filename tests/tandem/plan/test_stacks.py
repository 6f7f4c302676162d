"""The stacks file."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.paths import PROJECT
from tandem.plan.stacks import choose, grouped, load, refuse_missing
from tests.support import toy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_the_built_in_stacks_have_their_budgets() -> None:
    stacks = load()
    sync, threads, loop = (stacks[name].budget(2) for name in ("wsgi-sync", "wsgi-gthread", "asgi"))
    assert (sync.processes, sync.threads, sync.slots, sync.database_connections) == (5, 1, 5, 10)
    assert (threads.processes, threads.threads, threads.slots, threads.database_connections) == (2, 16, 32, 34)
    assert (loop.processes, loop.threads, loop.slots, loop.news_connections) == (2, 1, None, 200)


@pytest.mark.parametrize(("tuned", "documented"), [("wsgi-direct", "wsgi-gthread"), ("asgi-direct", "asgi")])
def test_the_tuned_pair_has_the_servers_of_the_documented(tuned: str, documented: str) -> None:
    stacks = load()
    tuned_loop = {"asgi_app.server:Loop": "uvloop"}  # which lets in all who wait at once
    assert [tuned_loop.get(word, word) for word in stacks[tuned].command] == stacks[documented].command
    assert stacks[tuned].budget(2) == stacks[documented].budget(2)
    assert stacks[tuned].environment == stacks[documented].environment | {"STORE": "direct"}


def test_the_ladder_differs_in_one_thing_from_rung_to_rung() -> None:
    stacks = load()
    ladder = {name: stack for name, stack in stacks.items() if "ladder" in stack.groups}
    assert all(stack.note and stack.like in stacks for stack in ladder.values())
    found = {name: (each.processes, each.threads, each.slots) for name in ladder for each in [ladder[name].budget(2)]}
    assert found == {
        "ladder-asgi": (2, 1, None),
        "ladder-asgi-thread": (2, 1, None),
        "ladder-asgi-threads": (2, 1, None),
        "ladder-asgi-processes": (4, 1, None),
        "ladder-asgi-workers": (4, 1, None),
        "ladder-asgi-async": (2, 1, None),
        "ladder-wsgi": (2, 1, 2),
        "ladder-wsgi-workers": (8, 1, 8),
        "ladder-wsgi-threads": (2, 16, 32),
        "ladder-wsgi-gevent": (2, 1, 200),
    }
    rungs = [stack.environment.get("LADDER") for stack in ladder.values()]
    assert rungs == ["blocking", "thread", "thread", "blocking", "blocking", "async", None, None, None, None]
    assert ladder["ladder-asgi-processes"].server_cpus([2, 5]) == [[2], [2], [5], [5]]


def test_what_a_stack_leaves_out_it_has_from_the_one_it_is_like(file: Path) -> None:
    file.write_text(toy.table("mine") + '[more]\nlike = "mine"\ntitle = "More"\nenvironment = { MORE = "1" }\n')
    mine, more = (load([file])[name] for name in ("mine", "more"))
    assert (more.title, more.command, more.threads) == ("More", mine.command, mine.threads)
    assert more.environment == mine.environment | {"MORE": "1"}
    file.write_text('[own]\nlike = "asgi"\ntitle = "Own"\n')
    assert load([file])["own"].command == load()["asgi"].command


@pytest.mark.parametrize("like", ['"nobody"', '"ladder-asgi"', "3", "[]"])
def test_a_stack_is_like_one_that_says_all(file: Path, like: str) -> None:
    file.write_text(f'[own]\nlike = {like}\ntitle = "Own"\n')
    with pytest.raises(TandemError, match="stack 'own': `like` must name"):
        load([file])


def test_servers_get_one_cpu_each_or_share_all() -> None:
    stacks = load()
    assert stacks["wsgi-gthread"].server_cpus([2, 5]) == [[2], [5]]
    assert stacks["wsgi-sync"].server_cpus([2, 5]) == [[2, 5]]


def test_commands_are_filled_in() -> None:
    command = load()["wsgi-sync"].filled_command(2, 4711)
    assert command[0] == sys.executable
    assert command[command.index("--bind") + 1] == "127.0.0.1:4711"
    assert command[command.index("--workers") + 1] == "5"
    assert "wsgi_app.app:create_app()" in command


def test_a_file_adds_a_stack(file: Path) -> None:
    file.write_text(toy.table("mine"))
    assert load([file])["mine"].title == "A toy"


def test_paths_are_relative_to_the_file(file: Path) -> None:
    file.write_text('[mine]\ndirectory = "app"\npythonpath = ["lib"]\n' + toy.table("mine").replace("[mine]", "", 1))
    mine = load([file])["mine"]
    assert mine.directory == str(file.parent / "app")
    assert mine.pythonpath == [str(file.parent / "lib")]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("threads = 4", "", "threads"),
        ("threads = 4", "threads = 0", "`threads`"),
        ("threads = 4", 'threads = "4"', "threads"),
        ("threads = 4", "threads = 4\nthreds = 4", "threds"),
        ('"per-cpu"', '"per-core"', "servers"),
        ("workers_per_cpu = 1", "workers_per_cpu = 0", "workers_per_cpu"),
        ("threads = 4", "threads = 4\nservers_per_cpu = 0", "`servers_per_cpu` must"),
        ('"per-cpu"', '"shared"\nservers_per_cpu = 2', "`servers_per_cpu` is"),
        ('"{port}"', '"{prot}"', "{prot}"),
        ('"{port}"', '"8000"', "{port}"),
        ('NEWS_CONNECTIONS = "1"', 'NEWS_CONNECTIONS = "many"', "NEWS_CONNECTIONS"),
        ("[mine]", "[Mine]", "lower-case"),
        ("[mine]", "[decoy]", "decoy"),
        ("[mine]", "[asgi]", "exists already"),
        ("[mine]", "[mine", "TOML"),
        ("[mine]", "mine = 3\n[other]", "mine"),
        ("threads = 4", 'threads = 4\nneeds = [{ modul = "x" }]', "modul"),
        (
            "threads = 4",
            'threads = 4\nexemptions = [{ case = "a", reason = "b", pattern = "(" }]',
            "regular expression",
        ),
        ("threads = 4", "threads = " + "9" * 5000, "TOML"),
        ("threads = 4", "threads = " + "9" * 4000, "threads"),
        ("threads = 4", "threads = " + "[" * 100_000, "TOML"),
        ('NEWS_CONNECTIONS = "1"', f'NEWS_CONNECTIONS = "{"9" * 5000}"', "NEWS_CONNECTIONS"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(file: Path, old: str, new: str, says: str) -> None:
    text = toy.table("mine")
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(TandemError) as raised:
        load([file])
    assert says in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(TandemError, match=r"mine\.toml"):
        load([file])


def test_an_unknown_stack_lists_the_known_ones() -> None:
    with pytest.raises(TandemError, match=r"'wsgi': .* wsgi-sync, wsgi-gthread, asgi, wsgi-direct"):
        choose(load(), ["wsgi"])


def test_a_stack_named_twice_is_refused() -> None:
    with pytest.raises(TandemError, match="named twice"):
        choose(load(), ["asgi", "asgi"])


def test_the_variable_of_the_app_overrides_the_port() -> None:
    stacks = load()
    assert stacks["wsgi-sync"].port({}) == 8080
    assert stacks["wsgi-sync"].port({"WSGI_PORT": "9001", "ASGI_PORT": "9002"}) == 9001
    assert stacks["asgi"].port({"WSGI_PORT": "9001", "ASGI_PORT": "9002"}) == 9002
    with pytest.raises(TandemError, match="WSGI_PORT=x "):
        stacks["wsgi-sync"].port({"WSGI_PORT": "x"})
    with pytest.raises(TandemError, match=r"WSGI_PORT=9{40} "):
        stacks["wsgi-sync"].port({"WSGI_PORT": "9" * 5000})


def test_a_group_has_its_order() -> None:
    known = load()
    assert grouped(known, "history")[:2] == ["wsgi-dev", "wsgi-cgi"]
    assert grouped(known, "history")[6:9] == ["wsgi-gthread", "wsgi-gevent", "asgi"]
    assert not [
        name for name in grouped(known, "servers") if name.startswith("ladder-")
    ]  # what they are like belongs to it, not they
    assert grouped(known, "history")[-1] == "asgi-threads"
    with pytest.raises(TandemError, match=r"'zebra': .* bare, history, ladder, servers"):
        grouped(known, "zebra")


def test_a_stack_whose_server_is_missing_says_what_brings_it(file: Path) -> None:
    module = toy.table("one").replace("threads = 4", 'threads = 4\nneeds = [{ module = "zebra_server" }]')
    program = toy.table("two").replace(
        "threads = 4", 'threads = 4\nneeds = [{ program = "zebrad", package = "zebra" }]'
    )
    file.write_text(module + program)
    known = load([file])
    with pytest.raises(
        TandemError,
        match=r"stack one .* zebra_server .*`make servers`",
    ):
        refuse_missing(choose(known, ["asgi", "one"]))
    with pytest.raises(TandemError, match=r"zebrad .* zebra\b"):
        refuse_missing(choose(known, ["two"]))
    refuse_missing(choose(known, ["asgi"]))


SERVERS = PROJECT / "requirements" / "servers.txt"
NEEDY = [name for name, stack in load().items() if stack.needs]


@pytest.mark.parametrize("name", NEEDY)
def test_every_built_in_stack_names_what_it_lacks_and_what_brings_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that has none of it; and `make servers` does bring the module that it names."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _, path: None)
    stacks = load()
    [need] = stacks[name].needs
    if need.module:
        said = [need.module, "`make servers`", "requirements/servers.txt"]
        assert f"\n{need.module}==" in SERVERS.read_text()
    else:
        said = [need.program, f"apt-get install {need.package}"]
        assert stacks[name].command[0] == need.program
    with pytest.raises(TandemError) as refused:
        refuse_missing(choose(stacks, [name]))
    assert [part for part in (name, *said) if part not in str(refused.value)] == []


def test_an_exemption_masks_what_it_is_about_and_nothing_else() -> None:
    [phrase, *_] = [each for each in load()["asgi-hypercorn"].exemptions if "reason phrase" in each.case]
    assert phrase.mask("GET /", b"HTTP/1.1 404 \r\nA: b") == phrase.mask("GET /", b"HTTP/1.1 404 Not Found\r\nA: b")
    assert phrase.mask("GET /", b"HTTP/1.1 404 \r\n") != phrase.mask("GET /", b"HTTP/1.1 405 \r\n")
    [twice] = [each for each in load()["asgi-granian"].exemptions if "second" in each.case]
    assert twice.mask("GET /users", b"HTTP/1.1 200 OK") == b"HTTP/1.1 200 OK"
