"""A comparison on PostgreSQL: a server of its own for each stack, on its CPUs, accounted apart, and gone at the end."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path

import psycopg
import pytest

from tandem.cli import main as cli
from tandem.errors import TandemError
from tandem.launch import postgresql
from tandem.observe import kernel, usage
from tandem.plan import apps, profiles, stacks
from tandem.plan.comparison import plan
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.setup import Run
from tests.support import command
from tests.support.command import RECORDS
from tests.support.waiting import eventually
from tests.tandem.report.pages import Page

GIVEN = [
    "compare", "--database", "postgresql", "--stacks", "wsgi-gthread,asgi", "--scenarios", "write", "--load", "rate", "--rate",
    "20", "--rounds", "1", "--seconds", "2", "--warmup", "1", "--seed", "5", "--seed-users", "60", "--allow-dirty", "--slices",
    "0",
]  # fmt: skip


def servers() -> set[int]:
    """Return all PostgreSQL servers of the machine's that a harness has started, by their process ids."""
    found = set()
    for process in usage.scan():
        try:
            line = (kernel.PROC / f"{process.pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"tandem-postgresql-" in line:
            found.add(process.pid)
    return found


@pytest.mark.usefixtures("processes")
def test_a_comparison_runs_on_servers_of_its_own_and_leaves_none(tmp_path: Path) -> None:
    before = servers()
    killed = command.stop_in_a_block(GIVEN, tmp_path, signal.SIGKILL)
    assert killed == -signal.SIGKILL
    assert eventually(lambda: servers() <= before)
    folder = (tmp_path / RECORDS).parent
    assert cli.run(["compare", "--resume", str(folder), "--allow-dirty"]) == 0
    assert eventually(lambda: servers() <= before)
    run, *records = journal.read(folder / journal.RECORDS)
    assert isinstance(run, Run)
    assert run.probes > 30
    assert (run.provenance.database_title, run.provenance.sqlite_durability.split(",")[0]) == ("PostgreSQL", "fsync=on")
    blocks = [record for record in records if isinstance(record, Block)]
    assert {block.stack for block in blocks} == {"wsgi-gthread", "asgi"}
    for block in blocks:
        budget = next(stack.budget for stack in run.stacks if stack.name == block.stack)
        assert block.requests > 0
        assert block.failures == block.unfinished == 0
        assert block.strays == 0
        assert block.database_cpu_seconds
        assert block.database_memory_bytes
        assert block.observed.database_connections is not None
        assert 0 < block.observed.database_connections <= budget.database_connections
    summary = json.loads((folder / "summary.json").read_text())
    assert all(each["database_cpu_ms"] > 0 for each in summary["measures"])
    page = (folder / "report.html").read_text()
    assert "PostgreSQL" in page[: page.index("</header>")]
    assert "database.csv" in Page(page).files


@pytest.mark.usefixtures("processes")
def test_a_comparison_runs_on_a_server_that_ran_already_and_leaves_it_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpus = sorted(os.sched_getaffinity(0))
    with postgresql.cluster(tmp_path, tmp_path) as cluster:
        cluster.make(lambda url: None, cpus)
        with cluster.serving("there", cpus, 100) as served:
            monkeypatch.setenv("PGPASSWORD", cluster.password)
            url = f"postgresql://{postgresql.ROLE}@127.0.0.1:{served.port}/postgres"
            given = [url if part == "postgresql" else part for part in GIVEN]
            assert cli.run([*given, "--out", str(tmp_path / "results")]) == 0
            with psycopg.connect(served.url) as connection:
                assert connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate").fetchall() == [
                    ("postgres",)
                ]
    folder = next((tmp_path / "results").glob("2*"))
    run, *records = journal.read(folder / journal.RECORDS)
    assert isinstance(run, Run)
    assert "ran already" in run.provenance.database_title
    assert run.provenance.sqlite_durability == "fsync=on, synchronous_commit=on"
    blocks = [record for record in records if isinstance(record, Block)]
    assert {block.stack for block in blocks} == {"wsgi-gthread", "asgi"}
    for block in blocks:
        assert block.requests > 0
        assert block.failures == block.strays == 0
        assert block.database_cpu_seconds
        assert block.observed.database_connections
    assert cluster.password not in (folder / journal.RECORDS).read_text()


def test_pools_are_sized_alike_on_every_stack_and_on_every_database() -> None:
    known = stacks.load()
    on = stacks.on_database(known, "postgresql")
    for name in ("wsgi-gthread", "asgi"):
        assert on[name].budget(1) == known[name].budget(1)
    assert len({on[name].budget(1).database_connections for name in ("wsgi-gthread", "asgi")}) == 1


def test_a_database_that_an_app_does_not_have_is_refused() -> None:
    with pytest.raises(TandemError, match=r"'oracle': .* sqlite, postgresql"):
        plan(profiles.QUICK, stacks.load(), seed=1, database="oracle")
    assert apps.load()["userdb"].on("sqlite") == apps.load()["userdb"].on(None)


def test_without_postgresql_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgresql, "WHEEL", "no_such_wheel")
    monkeypatch.setattr(postgresql, "DEBIAN", str(tmp_path))
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(TandemError, match="install postgresql"):
        postgresql.find()


def test_data_that_a_killed_run_left_is_removed_by_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, used = (tmp_path / f"{postgresql.PREFIX}{pid}-x" for pid in (2**22 + 1, os.getpid()))
    for folder in (left, used):
        (folder / "seed").mkdir(parents=True)
    with postgresql.cluster(tmp_path, tmp_path / "logs") as made:
        assert made.folder.is_dir()
        assert not left.exists()
        assert used.is_dir()
    assert not made.folder.exists()
