"""Documents name only what exists: make targets, files, commands and their options."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from tandem.__main__ import main as tandem
from tandem.launch import newsstub
from userdb.database.__main__ import main as database

ROOT = Path(__file__).parents[1]

DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not {".venv", "results", "sample", ".pytest_cache"} & set(path.relative_to(ROOT).parts)
)
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]

# What looks like a path in the project and is made only when something runs.
MADE = ("results/", "var/", "build/", ".venv", "upstream.conf", "listen.conf", "static.conf", "log.conf",
        "limit.conf", "told.conf",
        "nginx/available/", "nginx/http/", "nginx/server/", "nginx/upstream.conf", "http/", "server/",
        "records.jsonl", "summary.json", "report.html", "report.md", "img/", "samples/", "capacity.json",
        "supervisord.conf", "mine.toml", "my-apps.toml", "_name.py", "_nap.py", "locustfile.py", "/")  # fmt: skip

_COMMAND = re.compile(r"`([^`\n]+)`|^ {4}(\S.*)$|^((?:make|tandem|locust|python) .*)$", re.MULTILINE)
_PATH = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml|conf|txt|json|html|css|jinja)$|(?:\.?[\w-]+/)+$")


def spans(document: Path) -> list[str]:
    """Everything a document sets as code."""
    return [next(part for part in found if part) for found in _COMMAND.findall(document.read_text())]


def helps(main: Callable[[list[str]], int], *command: str) -> str:
    """What a command says of itself; in this process, as to start one takes longer than all else."""
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    return said.getvalue()


@pytest.fixture(scope="module")
def options(processes: None) -> dict[str, str]:
    """The help texts of the commands that documents show."""
    subcommands = ("serve", "live", "stacks", "seed", "compare", "capacity", "lab", "report", "stalls", "doctor")
    texts = {f"tandem {name}": helps(tandem, name) for name in subcommands}
    texts["tandem"] = helps(tandem) + "--version"
    # Locust shows its help before it reads the scenarios, so their options come from the files that add them.
    adding = [ROOT / "openloop" / "options.py", ROOT / "loadtest" / "_options.py"]
    locust = [sys.executable, "-m", "locust", "--help"]
    said = subprocess.run(locust, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    texts["locust"] = said + "".join(file.read_text() for file in adding)
    texts["python -m tandem.launch.newsstub"] = helps(newsstub.main)
    texts["python -m userdb.database"] = helps(database)
    return texts


def test_there_are_documents() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/method.md", "userdb/README.md"} <= set(NAMES)
    assert {"loadtest/README.md", "openloop/README.md", "tandem/README.md", "nginx/README.md"} <= set(NAMES)


def test_the_harness_s_readme_has_a_line_for_every_module() -> None:
    text = (ROOT / "tandem" / "README.md").read_text()
    modules = {path.relative_to(ROOT / "tandem").as_posix() for path in (ROOT / "tandem").rglob("*.py")}
    assert {name for name in modules if "__" not in name and f"`{name}`" not in text} == set()


def test_the_readme_has_no_long_lines() -> None:
    """One sentence per line."""
    assert [line for line in (ROOT / "README.md").read_text().splitlines() if len(line) > 150] == []


@pytest.mark.parametrize("name", NAMES)
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for span in spans(ROOT / name) for target in re.findall(r"\bmake ([a-z][a-z-]*)", span)}
    assert named <= targets


@pytest.mark.parametrize("name", NAMES)
def test_files_exist(name: str) -> None:
    words = {word for span in spans(ROOT / name) for word in re.split(r"[\s=,]+", span) if _PATH.fullmatch(word)}
    words |= {link for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text())}
    folder = (ROOT / name).parent
    missing = {
        word
        for word in words
        if not word.startswith(MADE) and not (ROOT / word).exists() and not (folder / word).exists()
    }
    assert missing == set()


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_options_exist(name: str, options: dict[str, str]) -> None:
    for span in spans(ROOT / name):
        commands = [command for command in options if re.search(rf"(?:^|[\s/]){re.escape(command)}(?:\s|$)", span)]
        if not commands:
            continue
        command = max(commands, key=len)
        unknown = [
            option for option in re.findall(r"(?<=\s)(--?[a-zA-Z][\w-]*)", span) if option not in options[command]
        ]
        assert not unknown or span.startswith("python -m"), f"{span}: {unknown}"
        if command == "tandem":
            word = re.search(r"tandem ([a-z]+)", span)
            assert word is None or word[1] in options["tandem"], span


def test_the_changelog_and_the_readme_stay_readable() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def test_no_address_of_a_package_index_and_no_hash_is_missing() -> None:
    for name in ("app", "all", "peers", "servers"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        assert not re.search(r"^-", text, re.MULTILINE)  # an option would be one about where packages come from
        packages = re.findall(r"^[a-z].*==", text, re.MULTILINE)
        assert len(packages) == len(re.findall(r"^[a-z].*\\\n    --hash", text, re.MULTILINE))


def test_both_locks_name_the_same_versions() -> None:
    def versions(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9-]+(?:\[\w+\])?)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))

    app, everything, servers = (versions(f"requirements/{name}.txt") for name in ("app", "all", "servers"))
    assert app
    assert app.items() <= everything.items()
    common = servers.keys() & everything.keys()
    assert {name: servers[name] for name in common} == {name: everything[name] for name in common}


def test_the_picture_and_the_table_of_the_readme_are_those_of_the_sample_run() -> None:
    readme, sample = (ROOT / "README.md").read_text(), (ROOT / "docs" / "sample" / "report.md").read_text()
    shown = readme.partition("<!-- sample:begin -->")[2].partition("<!-- sample:end -->")[0]
    # A line of the report goes on over several, a sentence each, until another begins; what is before the first is ours.
    begun = re.findall(r"^(?:\||- |\*\*|`|Baseline).*(?:\n(?!\||- |\*\*|`).+)*", shown, re.MULTILINE)
    lines = [" ".join(line.split()) for line in begun]
    assert len(lines) > 8
    assert [line for line in lines if line not in sample.splitlines()] == []
    picture = re.search(r"!\[[^\]]+\]\((docs/sample/img/[\w.-]+)\)", shown)
    assert picture is not None
    assert (ROOT / picture[1]).is_file()


def test_the_sample_run_is_whole_clean_and_of_this_project() -> None:
    records = [json.loads(line) for line in (ROOT / "docs" / "sample" / "records.jsonl").read_text().splitlines()]
    assert (records[0]["type"], records[-1]["type"], records[-1]["complete"]) == ("run", "end", True)
    assert records[0]["provenance"]["dirty"] is False
    assert records[0]["provenance"]["commit"]


@pytest.mark.usefixtures("processes")
def test_no_file_names_a_place_of_this_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    homes = [str(ROOT) + "/", str(Path.home()) + "/"]
    named = [
        name
        for name in tracked.split("\0")
        if name and (ROOT / name).is_file() and any(home in (ROOT / name).read_text(errors="ignore") for home in homes)
    ]
    assert named == []


@pytest.mark.parametrize("name", ["README.md", "docs/method.md"])
@pytest.mark.parametrize("word", ["decoy", "headline", "block", "slots?"])
def test_a_word_of_ours_is_explained_where_it_comes_first(name: str, word: str) -> None:
    """There it is emphasised, in the sentence that says what it is."""
    text = (ROOT / name).read_text()
    first = re.search(rf"\b{word}\b", text)
    assert first is not None
    assert re.search(rf"\*[\w ]*{word}\*", text[first.start() - 10 : first.end() + 1]), text[first.start() - 50 :][:150]
