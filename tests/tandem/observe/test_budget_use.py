"""What a stack uses of its budget, seen on a real process with the apps' own SQLite and real connections."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tandem.launch import process
from tandem.launch.process import Child, Children
from tandem.observe import budget_use, kernel
from tandem.paths import PROJECT
from tandem.records.block import Observed
from tests.support.waiting import eventually

# Keeps five connections to a database and one to another, three to a service and one to another, and two threads; on a line
# of input it closes two of each and opens a database connection.
APP = """
import sys, socket, threading
import userdb.sqlite_driver, sqlite3
file, news, other = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def connect(file):
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.execute("pragma journal_mode=wal")
    connection.execute("create table if not exists t (x)")
    connection.execute("insert into t values (1)")
    connection.commit()
    connection.execute("select * from t").fetchall()
    return connection
databases = [connect(file) for _ in range(5)]
elsewhere = connect(file + ".other")
services = [socket.create_connection(("127.0.0.1", news)) for _ in range(3)]
beside = socket.create_connection(("127.0.0.1", other))
for _ in range(2):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("up", flush=True)
sys.stdin.readline()
for each in databases[:2] + services[:2]:
    each.close()
databases.append(connect(file))
print("closed", flush=True)
threading.Event().wait()
"""


App = tuple[Child, Path, socket.socket]


def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@pytest.fixture
def app(processes: None, tmp_path: Path) -> Iterator[App]:
    """Start the app; return it, its database and its service."""
    with ExitStack() as stack:
        news, other = (stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))
        children = stack.enter_context(Children())
        file = tmp_path / "app.db"
        command = [sys.executable, "-c", APP, str(file), str(port(news)), str(port(other))]
        env, log = process.environment({}), tmp_path / "log"
        child = children.add(Child("app", command, log=log, cpus=[], env=env, cwd=PROJECT, gated=True))
        assert eventually(lambda: "up" in log.read_text()), log.read_text()
        yield child, file, news


def test_connections_and_threads_are_counted(app: App) -> None:
    child, file, news = app
    assert budget_use.observe([child.pid], file, port(news), 7) == Observed(
        processes=1, threads=3, database_connections=5, news_connections=3, in_flight=7
    )
    assert child.popen.stdin is not None
    child.popen.stdin.write(b"\n")
    child.popen.stdin.flush()
    assert eventually(lambda: "closed" in child.log.read_text())
    seen = budget_use.observe([child.pid], file, port(news), 0)
    assert seen.news_connections == 1
    # 4 are open, but there were 5 at once: SQLite closes no descriptor while another connection holds a lock.
    assert seen.database_connections == 5


def test_a_connection_that_the_service_has_closed_is_none(app: App) -> None:
    child, file, news = app
    news.accept()[0].close()
    assert eventually(lambda: budget_use.observe([child.pid], file, port(news), 0).news_connections == 2)


def test_another_name_of_the_database_is_the_same_one(app: App, tmp_path: Path) -> None:
    child, file, news = app
    link = tmp_path / "link.db"
    link.symlink_to(file)
    assert budget_use.observe([child.pid], link, port(news), 0).database_connections == 5


def test_what_belongs_to_other_processes_is_not_counted(app: App) -> None:
    _, file, news = app
    seen = budget_use.observe([os.getpid()], file, port(news), 0)
    assert (seen.processes, seen.database_connections, seen.news_connections) == (1, 0, 0)


def test_what_cannot_be_read_is_none(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child, file, news = app
    assert budget_use.observe([child.pid], tmp_path / "none.db", port(news), 0).database_connections is None
    folder = tmp_path / "proc" / str(child.pid)
    folder.mkdir(parents=True)
    (folder / "stat").write_text((kernel.PROC / str(child.pid) / "stat").read_text())
    monkeypatch.setattr(kernel, "PROC", tmp_path / "proc")
    assert budget_use.observe([child.pid], file, port(news), 0) == Observed(
        processes=1, threads=None, database_connections=None, news_connections=None, in_flight=0
    )
