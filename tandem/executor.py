"""The executor: starts stacks for real, drives Locust at them and reads what they use."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tandem import database, ports, probes, sameness, samples, serving, usage
from tandem.errors import RunFailed
from tandem.generator import Generator, Window
from tandem.plan import Plan
from tandem.process import Child, Children
from tandem.profiles import NEWS_SECONDS
from tandem.provenance import now
from tandem.records import Block, Load
from tandem.serving import Place, Running
from tandem.stacks import DECOY


class Machine:
    """Runs the stacks of a plan on this machine, one at a time. All it writes is below `folder`."""

    def __init__(self, plan: Plan, folder: Path, nginx: Path) -> None:
        # Absolute, because children start in folders of their own.
        self.plan, self.folder, self.nginx = plan, folder.resolve(), nginx
        self.work, self.logs = self.folder / "work", self.folder / "logs"
        self.snapshot = self.work / "seed.db"
        self.news_port = 0

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Seed the snapshot and keep the news stub running; remove the working files at the end."""
        self.work.mkdir(parents=True, exist_ok=True)
        try:
            database.seed(self.snapshot, self.plan.users, self.logs / "database.log")
            self.news_port = ports.free_port()
            with serving.news_stub(
                port=self.news_port, delay=NEWS_SECONDS, logs=self.logs, cpus=self.plan.layout.generator
            ):
                yield
        finally:
            shutil.rmtree(self.work, ignore_errors=True)

    def prove(self) -> int:
        """Have every stack answer the probes and return how many there are. Raises RunFailed with the difference."""
        asked = probes.probes(self.plan.users)
        names = [name for name in self.plan.definitions if name != DECOY]
        found = {}
        for name in names:
            with self._running(name) as stack:
                found[name] = sameness.answers(stack.port, asked)
                stack.check()
        for other in names[1:]:
            difference = sameness.difference(asked, names[0], found[names[0]], other, found[other])
            if difference:
                raise RunFailed(
                    f"{names[0]} and {other} do not give the same answers; nothing was measured:\n{difference}"
                )
        return len(asked)

    @contextmanager
    def stack(self, name: str, round_number: int) -> Iterator[Measurement]:
        """Start a stack with its generators waiting, warm it, and stop all at the end."""
        port = ports.free_port()
        with Children() as children:
            generators = {
                load.scenario: self._generator(name, load, round_number, port, children) for load in self.plan.loads
            }
            with self._running(name, port) as stack:
                serving.warm(stack)
                for generator in generators.values():
                    generator.loaded()
                yield Measurement(self.folder, stack, generators)

    @contextmanager
    def _running(self, name: str, port: int | None = None) -> Iterator[Running]:
        file = self.work / f"{name}.db"
        database.restore(self.snapshot, file, self.logs / "database.log")
        shutil.rmtree(self.work / f"nginx-{name}", ignore_errors=True)
        place = Place(
            folder=self.work,
            logs=self.logs,
            cpus=self.plan.layout.stack,
            database_url=database.url(file),
            news_url=f"http://127.0.0.1:{self.news_port}/news",
            nginx=self.nginx,
            port=port or ports.free_port(),
        )
        with serving.running(name, self.plan.definitions[name], place) as stack:
            yield stack

    def _generator(self, name: str, load: Load, round_number: int, port: int, children: Children) -> Generator:
        # The same key for every stack of a round: all are asked the same things.
        key = f"{self.plan.seed}-{round_number}-{load.scenario}"
        target = self.work / f"{load.scenario}.csv.gz"
        target.unlink(missing_ok=True)
        log = self.logs / f"locust-{name}-{load.scenario}.log"
        cpus = self.plan.layout.generator
        host = f"http://127.0.0.1:{port}"
        generator = Generator.prepare(
            load, host=host, key=key, users=self.plan.users, samples=target, log=log, cpus=cpus
        )
        children.add(generator.child)
        return generator


class Measurement:
    """A running stack and its waiting generators."""

    def __init__(self, folder: Path, stack: Running, generators: dict[str, Generator]) -> None:
        self.folder, self.running, self.generators = folder, stack, generators

    def measure(self, load: Load, *, round_number: int, position: int) -> Block:
        """Measure one block. Raises RunFailed where a process ends or no samples come."""
        generator = self.generators[load.scenario]
        meter = Meter(self.running, generator.child)
        started = now()
        window = generator.release()
        self._sleep_until(window.start, generator)
        meter.begin()
        self._sleep_until(window.end, generator)
        meter.end()
        generator.finish(self.running.check)
        target = Path("samples") / f"round-{round_number:02d}-{load.scenario}-{self.running.name}.csv.gz"
        return self._block(load, generator, window, meter, round_number, position, started, target)

    def _block(
        self,
        load: Load,
        generator: Generator,
        window: Window,
        meter: Meter,
        round_number: int,
        position: int,
        started: str,
        target: Path,
    ) -> Block:
        sent = samples.within(samples.read(generator.samples), *window)
        if not sent:
            raise RunFailed(
                f"{generator.child.name} sent nothing in the window; its last log lines:\n{generator.child.tail()}"
            )
        samples.write(self.folder / target, sent)
        figures = samples.figures(sent, window.end - window.start)
        return Block(
            round=round_number,
            scenario=load.scenario,
            stack=self.running.name,
            position=position,
            started=started,
            seconds=window.end - window.start,
            samples=str(target),
            app_cpu_seconds=meter.app,
            nginx_cpu_seconds=meter.nginx,
            generator_cpu_seconds=meter.generator,
            app_memory_bytes=usage.memory_bytes(self.running.app_sessions()),
            nginx_memory_bytes=usage.memory_bytes([self.running.nginx.pid]),
            start_seconds=self.running.start_seconds,
            **figures._asdict(),
        )

    def _sleep_until(self, moment: float, generator: Generator) -> None:
        """Sleep, looking now and then whether all processes still run."""
        while (left := moment - time.time()) > 0:
            self.running.check()
            generator.child.check()
            time.sleep(min(left, 0.25))


class Meter:
    """Reads the CPU time of app, nginx and generator at both ends of a window."""

    def __init__(self, stack: Running, generator: Child) -> None:
        self.sessions: tuple[list[int], ...] = (stack.app_sessions(), [stack.nginx.pid], [generator.pid])
        self.app = self.nginx = self.generator = 0.0

    def begin(self) -> None:
        """Read at the beginning."""
        self._before = [usage.read(each) for each in self.sessions]

    def end(self) -> None:
        """Read at the end: CPU seconds in between."""
        after = [usage.read(each) for each in self.sessions]
        self.app, self.nginx, self.generator = map(usage.seconds, self._before, after)
