"""The site of a run: its folder, its working files, its news stub, and its stacks as they are started there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tandem.launch import database, news, ports, running_stack
from tandem.launch.process import Child
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.plan.comparison import Plan
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

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Seed, restore what all stacks get copies of, and keep a news stub where the app calls one; remove it all at the end."""
        with ExitStack() as exits:
            exits.callback(shutil.rmtree, self.work, ignore_errors=True)
            with run_folder.keeping(self.folder):
                self.work.mkdir(parents=True, exist_ok=True)
                database.seed(self.app, self.snapshot, self.plan.users, self.logs / "database.log")
                database.restore(self.app, self.snapshot, self.restored, self.logs / "database.log")
            if self.app.calls_news():
                delay, cpus = self.plan.news_seconds(), self.plan.layout.harness
                self.news = exits.enter_context(news.stub(port=self.news_port, delay=delay, logs=self.logs, cpus=cpus))
            yield

    @contextmanager
    def running(self, name: str, port: int | None = None, timing: bool = False) -> Iterator[RunningStack]:
        """Start a stack on a restored database, and stop it at the end."""
        file = self.file(name)
        database.copy(self.app, self.restored, file)
        shutil.rmtree(self.work / f"nginx-{name}", ignore_errors=True)
        environment = StackEnvironment(
            folder=self.work,
            logs=self.logs,
            cpus=self.plan.layout.stack,
            database_url=database.url(self.app, file),
            news_url=f"http://127.0.0.1:{self.news_port}/news",
            nginx=self.nginx,
            port=port or ports.free_port(),
            timing=timing,
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
