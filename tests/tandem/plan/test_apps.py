"""The apps file and the probes file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.paths import PROJECT
from tandem.plan import apps, contract, stacks
from tandem.plan.contract import Probe
from tests.support.stacks import USERDB

ROW = """
[mine]
title = "Mine"
alive = "/up"
warm_up = ["/"]
probes = "probes.toml"
load_test = "load"
environment = { PLACE = "{shared}/x" }

[mine.connections]
database = { variable = "POOL", plus = 2 }

[mine.database]
url = "sqlite:///{file}"
seed = ["{python}", "-c", "pass"]
snapshot = ["{python}", "-c", "pass"]
restore = ["{python}", "-c", "pass"]
version = ["{python}", "-c", "print(1)"]
durability = "none"
sources = ["models/*.py"]
"""

STACK = """
[one]
title = "One"
app = "mine"
servers = "shared"
workers_per_cpu = 3
threads = 1
upstream_keepalive = 0
public_port = 8090
command = ["{python}", "{port}"]
environment = { POOL = "4" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "mine.toml"
    made.write_text(ROW)
    return made


def test_every_path_of_the_built_in_row_is_there() -> None:
    assert USERDB.static is not None
    assert USERDB.nginx is not None
    for path in (USERDB.probes, USERDB.load_test, USERDB.nginx, USERDB.static.root + USERDB.static.file):
        assert Path(path).exists(), path


def test_a_file_adds_an_app_and_paths_are_relative_to_it(file: Path) -> None:
    mine = apps.load([file])["mine"]
    assert (mine.probes, mine.load_test) == (str(file.parent / "probes.toml"), str(file.parent / "load"))
    assert mine.ready == "/up"
    assert mine.static is None
    assert mine.nginx is None


def test_the_row_says_how_many_connections_a_stack_bounds(file: Path, tmp_path: Path) -> None:
    (tmp_path / "stacks.toml").write_text(STACK)
    budget = stacks.load([tmp_path / "stacks.toml"], [file])["one"].budget(2)
    assert (budget.database_connections, budget.news_connections) == (6 * (4 + 2), 0)
    (tmp_path / "stacks.toml").write_text(STACK.replace("POOL", "OTHER"))
    with pytest.raises(TandemError, match=r"`environment` .*POOL"):
        stacks.load([tmp_path / "stacks.toml"], [file])


def test_a_stack_of_an_unknown_app_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "stacks.toml").write_text(STACK)
    with pytest.raises(TandemError, match=r"'mine': .* userdb; .*--apps-file"):
        stacks.load([tmp_path / "stacks.toml"])


def test_a_kept_seed_is_stale_when_its_sources_change(file: Path) -> None:
    (file.parent / "models").mkdir()
    source = file.parent / "models" / "user.py"
    source.write_text("1")
    database = apps.load([file])["mine"].database
    assert database is not None
    before = database.maker()
    assert database.maker() == before
    source.write_text("2")
    assert database.maker() != before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('alive = "/up"', 'alive = "up"', "`alive`"),
        ('warm_up = ["/"]', "warm_up = []", "`warm_up`"),
        ('load_test = "load"', "", "load_test"),
        ('title = "Mine"', "titel = 1", "titel"),
        ("{shared}", "{share}", "{share}"),
        ('"pass"]', '"{urls}"]', "{urls}"),
        ("[mine]", "[userdb]\n[mine]", "exists already"),
        ("[mine]", "[mine", "TOML"),
    ],
)
def test_what_is_wrong_with_a_row_is_named_with_its_file(file: Path, old: str, new: str, says: str) -> None:
    assert old in ROW
    file.write_text(ROW.replace(old, new, 1))
    with pytest.raises(TandemError) as raised:
        apps.load([file])
    assert says in str(raised.value)
    assert str(file) in str(raised.value)


def test_an_app_without_a_database_can_t_name_one(file: Path) -> None:
    file.write_text(ROW[: ROW.index("[mine.database]")].replace("{shared}/x", "{database}"))
    with pytest.raises(TandemError, match=r"\{database\}, "):
        apps.load([file])


def test_the_examples_of_the_readme_are_right(tmp_path: Path) -> None:
    text = (PROJECT / "tandem" / "README.md").read_text()
    stack, app = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "stacks.toml").write_text(stack)
    (tmp_path / "apps.toml").write_text(app)
    assert "asgi-small" in stacks.load([tmp_path / "stacks.toml"], [tmp_path / "apps.toml"])
    assert "guestbook" in apps.load([tmp_path / "apps.toml"])


PROBES = """
[values]
kind = "Accept: text/plain"
long = { repeat = "ab", times = 3 }
[handed_out]
key = 'key=(\\w+)'
[[masks]]
pattern = 'x'
replacement = 'y'
[[sequences]]
title = "all"
probes = [
    "GET /{long}/{next_user}",
    { request = "PUT /{users}", headers = ["{kind}", "Key: {key}"], body = '{"a":1}', teaches = ["key"] },
]
"""


def test_a_probes_file_becomes_requests(tmp_path: Path) -> None:
    (tmp_path / "probes.toml").write_text(PROBES)
    found = contract.read(tmp_path / "probes.toml", 20)
    put = Probe("PUT", "/20", (("Accept", "text/plain"), ("Key", "{key}")), b'{"a":1}', ("key",))
    assert found.probes == (Probe("GET", "/ababab/21"), put)
    assert [(mask.pattern.pattern, mask.replacement) for mask in found.masks] == [(b"x", b"y")]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{long}", "{lang}", "unknown placeholder {lang}"),
        ('["key"]', '["lock"]', "teaches 'lock'"),
        ("GET /{long}", "GET", "'GET/{next_user}'"),
        ("{kind}", "Accept", "headers `Name: value`"),
        ("(\\w+)", "(\\w+", "unterminated"),
        ("probes = [", "probs = [", "probs"),
    ],
)
def test_what_is_wrong_with_a_probe_is_named_with_its_file(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in PROBES
    (tmp_path / "probes.toml").write_text(PROBES.replace(old, new, 1))
    with pytest.raises(TandemError) as raised:
        contract.read(tmp_path / "probes.toml", 20)
    assert says in str(raised.value)
    assert "probes.toml" in str(raised.value)


def test_what_blocks_on_purpose_is_probed_only_in_runs_that_have_it() -> None:
    file = Path(USERDB.probes)
    without, lab = contract.read(file, 100), contract.read(file, 100, lab=True)
    assert lab.probes[: len(without.probes)] == without.probes
    more = [probe.line for probe in lab.probes[len(without.probes) :]]
    assert more
    assert all(" /lab/" in line for line in more)
    assert not any("/lab/" in probe.target for probe in without.probes)
