"""The site of a run: its folder, its working files, its news stub, and its stacks as they are started there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tandem.launch import database, existing_postgresql, news, ports, postgresql, running_stack
from tandem.launch.existing_postgresql import ExistingServer
from tandem.launch.postgresql import Cluster, Served
from tandem.launch.process import Child
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.plan.run import Plan
from tandem.records import run_folder


class Site:
    """Where the stacks of a plan run on this machine, each in its own place. All that is written is below `folder`."""

    def __init__(self, plan: Plan, folder: Path, nginx: Path) -> None:
        # Absolute, because children start in folders of their own.
        self.plan, self.folder, self.nginx = plan, folder.resolve(), nginx
        self.work, self.logs = self.folder / "work", self.folder / "logs"
        self.app = plan.application
        self.snapshot, self.restored = self.work / "seed.db", self.work / "restored.db"
        self.news_port = ports.free_port()
        self.news: Child | None = None
        self.cluster: Cluster | ExistingServer | None = None

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Seed, restore what all stacks get copies of, and keep a news stub where the app calls one; remove it all at the end."""
        with ExitStack() as exits:
            exits.callback(shutil.rmtree, self.work, ignore_errors=True)
            with run_folder.keeping(self.folder):
                self.work.mkdir(parents=True, exist_ok=True)
                self._prepare_database(exits)
            if self.app.calls_news():
                delay, cpus = self.plan.news_seconds(), self.plan.layout.harness
                self.news = exits.enter_context(news.stub(port=self.news_port, delay=delay, logs=self.logs, cpus=cpus))
            yield

    def _prepare_database(self, exits: ExitStack) -> None:
        log = self.logs / "database.log"
        used = self.app.database
        if used and used.server:
            server: AbstractContextManager[Cluster | ExistingServer] = (
                existing_postgresql.server(used.existing) if used.existing else postgresql.cluster(self.work, self.logs)
            )
            self.cluster = cluster = exits.enter_context(server)
            cluster.make(lambda url: database.fill(self.app, url, self.plan.users, log), self.plan.layout.stack)
            return
        database.seed(self.app, self.snapshot, self.plan.users, log)
        database.restore(self.app, self.snapshot, self.restored, log)

    @contextmanager
    def _served(self, name: str) -> Iterator[Served | None]:
        """Serve a stack's database, restored, where it has a server; else restore its file."""
        if self.cluster is None:
            database.copy(self.app, self.restored, self.file(name))
            yield None
            return
        cpus = self.plan.layout.stack
        connections = self.plan.definitions[name].budget(len(cpus)).database_connections
        with self.cluster.serving(name, cpus, connections) as served:
            yield served

    @contextmanager
    def running(self, name: str, port: int | None = None, timing: bool = False) -> Iterator[RunningStack]:
        """Start a stack on a restored database, and stop it at the end."""
        with self._served(name) as served, self._running(name, port, timing, served) as stack:
            yield stack

    @contextmanager
    def _running(self, name: str, port: int | None, timing: bool, served: Served | None) -> Iterator[RunningStack]:
        shutil.rmtree(self.work / f"nginx-{name}", ignore_errors=True)
        environment = StackEnvironment(
            folder=self.work,
            logs=self.logs,
            cpus=self.plan.layout.stack,
            database_url=served.url if served else database.url(self.app, self.file(name)),
            database=served,
            news_url=f"http://127.0.0.1:{self.news_port}/news",
            nginx=self.nginx,
            port=port or ports.free_port(),
            timing=timing,
            started=self.plan.watched,
            more=self.plan.more,
        )
        with running_stack.running(name, self.plan.definitions[name], environment) as stack:
            yield stack

    @contextmanager
    def on_all_cpus(self) -> Iterator[None]:
        """Let the harness use all CPUs of the run, and not only its own, where generators load; nothing is measured then."""
        own = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.plan.layout.used())
        try:
            yield
        finally:
            os.sched_setaffinity(0, own)

    def own(self, name: str) -> Path:
        """Return the folder of a stack's own."""
        return running_stack.own(self.work, name)

    def file(self, name: str) -> Path:
        """Return the database of a stack."""
        return self.work / f"{name}.db"
