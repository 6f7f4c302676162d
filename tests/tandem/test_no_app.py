"""Nothing but the row of the user database names a path or a variable of it: a second app is a second row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tandem.paths import PROJECT
from tandem.plan.kinds import load
from tests.support.stacks import USERDB

ROW = {"plan/apps.toml", "plan/probes/userdb.toml", "plan/stacks.toml", "plan/servers.toml"}
"""What may name the user database: its row, its probes, and its stacks."""

WORDS = (
    r"[Uu]ser ?(?:db|database)|correct-horse|admin\b|_CONNECTIONS|DATABASE_URL|NEWS_URL|NEWS_TIMEOUT|SESSION_KEYS|PROMETHEUS"
    r"|LOGIN_ATTEMPTS|POOL_THREADS|WSGI_PORT|ASGI_PORT|STALLS_FILE|\bLAB\b|wsgi_app|asgi_app|sqlalchemy|sqlite:/"
    r"|/(?:healthz|readyz|api|users|login|logout|register|static|lab)\b"
)
FOUND = re.compile(WORDS)
FILES = sorted(
    path
    for path in (PROJECT / "tandem").rglob("*")
    if path.suffix in (".py", ".toml", ".jinja", ".js", ".html", ".css")
    and str(path.relative_to(PROJECT / "tandem")) not in ROW
)


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(PROJECT / "tandem")))
def test_no_other_file_of_the_harness_names_it(file: Path) -> None:
    lines = enumerate(file.read_text().splitlines(), 1)
    assert [f"{number}: {line.strip()}" for number, line in lines if FOUND.search(line)] == []


@pytest.mark.parametrize("name", ["nginx.conf", "proxy.conf", "headers.conf", "buffered.conf", "uwsgi.conf"])
def test_the_common_part_of_nginx_doesn_t_either(name: str) -> None:
    text = (PROJECT / "nginx" / name).read_text()
    assert FOUND.findall(text) == []


def test_the_words_are_those_of_the_row() -> None:
    """Each variable and each path of the row would be found, so that a new one can't slip through."""
    kinds = load(USERDB.load_test).values()
    paths = [
        USERDB.alive,
        USERDB.ready,
        *(path for path in USERDB.warm_up if path != "/"),
        *(kind.wrong for kind in kinds),
    ]
    names = [
        *USERDB.environment,
        *USERDB.unlimited,
        *USERDB.lab,
        USERDB.stalls,
        *(pool.variable for pool in USERDB.pools()),
        *([USERDB.threads.variable] if USERDB.threads else []),
    ]
    assert [each for each in (*paths, *names) if not FOUND.search(each)] == []
