"""The executor: starts stacks for real, drives Locust at them and reads what they use."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tandem.drive import calibration, generator, probes, sameness
from tandem.drive.generator import Generator, Window
from tandem.errors import RunFailed
from tandem.launch import database, nginx, ports, running_stack
from tandem.launch.process import Child, Children
from tandem.launch.running_stack import Place, Running
from tandem.observe import budget_use, interference, samples, usage
from tandem.observe.provenance import now
from tandem.plan.comparison import Plan
from tandem.plan.profiles import NEWS_SECONDS
from tandem.plan.stacks import DECOY
from tandem.records.block import Block
from tandem.records.setup import Calibration, Load


class Machine:
    """Runs the stacks of a plan on this machine, one at a time. All it writes is below `folder`."""

    def __init__(self, plan: Plan, folder: Path, nginx: Path) -> None:
        # Absolute, because children start in folders of their own.
        self.plan, self.folder, self.nginx = plan, folder.resolve(), nginx
        self.work, self.logs = self.folder / "work", self.folder / "logs"
        self.snapshot = self.work / "seed.db"
        self.news_port, self.news_session = 0, 0
        self.first_asked: dict[tuple[int, int, str], samples.Samples] = {}

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Seed the snapshot and keep the news stub running; remove the working files at the end."""
        self.work.mkdir(parents=True, exist_ok=True)
        try:
            database.seed(self.snapshot, self.plan.users, self.logs / "database.log")
            self.news_port = ports.free_port()
            with running_stack.news_stub(
                port=self.news_port, delay=NEWS_SECONDS, logs=self.logs, cpus=self.plan.layout.harness
            ) as stub:
                self.news_session = stub.pid
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

    def calibrate(self) -> Calibration:
        """Measure what the load generator can do against nginx alone."""
        rate = max(load.rate for load in self.plan.loads)
        return calibration.calibrate(self.work, self.logs, self.nginx, self.plan.layout, rate)

    @contextmanager
    def stack(self, name: str, round_number: int) -> Iterator[Measurement]:
        """Start a stack with its generators waiting, warm it, and stop all at the end."""
        port = ports.free_port()
        with Children() as children:
            generators = {
                load.scenario: self._generator(name, load, round_number, port, children) for load in self.plan.loads
            }
            with self._running(name, port, timing=True) as stack:
                running_stack.warm(stack)
                for each in generators.values():
                    each.loaded()
                yield Measurement(self, stack, generators)

    @contextmanager
    def _running(self, name: str, port: int | None = None, timing: bool = False) -> Iterator[Running]:
        file = self.file(name)
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
            timing=timing,
        )
        with running_stack.running(name, self.plan.definitions[name], place) as stack:
            yield stack

    def file(self, name: str) -> Path:
        """Return the database of a stack."""
        return self.work / f"{name}.db"

    def _generator(self, name: str, load: Load, round_number: int, port: int, children: Children) -> Generator:
        prepared = Generator.prepare(
            generator.open_loop(load),
            host=f"http://127.0.0.1:{port}",
            # The same key for every stack of a round, whichever attempt: all are asked the same things.
            key=f"{self.plan.seed}-{round_number}-{load.scenario}",
            users=self.plan.users,
            samples=self.work / f"{load.scenario}.csv.gz",
            log=self.logs / f"locust-{name}-{load.scenario}.log",
            cpus=self.plan.layout.generator,
        )
        children.add(prepared.child)
        return prepared


class Measurement:
    """A running stack and its waiting generators."""

    def __init__(self, machine: Machine, stack: Running, generators: dict[str, Generator]) -> None:
        self.machine, self.running, self.generators = machine, stack, generators

    def measure(self, load: Load, *, round_number: int, attempt: int, position: int) -> Block:
        """Measure one block. Raises RunFailed where a process ends or no samples come."""
        generator = self.generators[load.scenario]
        static = statistics.median(running_stack.static_times(self.running))
        meter = Meter(self.machine, self.running, generator.child, list(self.generators.values()))
        started = now()
        window = generator.release()
        self._sleep_until(window.start, generator)
        meter.begin()
        self._sleep_until(window.end, generator)
        meter.end()
        generator.finish(self.running.check)
        found = samples.read(generator.samples)
        inside = samples.within(found, *window)
        if not len(inside):
            raise RunFailed(
                f"{generator.child.name} sent nothing in the window; its last log lines:\n{generator.child.tail()}"
            )
        again = f"-attempt-{attempt}" if attempt > 1 else ""
        target = Path("samples") / f"round-{round_number:02d}{again}-{load.scenario}-{self.running.name}.csv.gz"
        samples.write(self.machine.folder / target, inside)
        first = self.machine.first_asked.setdefault((round_number, attempt, load.scenario), inside)
        busy = budget_use.observe(
            self.running.app_sessions(),
            self.machine.file(self.running.name),
            self.machine.news_port,
            samples.most_in_flight(found, window),
        )
        return Block(
            round=round_number,
            attempt=attempt,
            scenario=load.scenario,
            stack=self.running.name,
            position=position,
            started=started,
            seconds=window.end - window.start,
            samples=str(target),
            asked_otherwise=samples.asked_otherwise(first, inside),
            unaccounted=samples.unaccounted(found, window)
            + samples.off_schedule(len(inside), load.rate * load.seconds),
            app_cpu_seconds=meter.app,
            nginx_cpu_seconds=meter.nginx,
            app_memory_bytes=usage.memory_bytes(self.running.app_sessions()),
            nginx_memory_bytes=usage.memory_bytes([self.running.nginx.pid]),
            start_seconds=self.running.start_seconds,
            surroundings=meter.surroundings,
            observed=busy,
            diagnostics=samples.diagnostics(found, window, self._nginx_mean_ms(window), static),
            **samples.figures(found, window)._asdict(),
        )

    def _nginx_mean_ms(self, window: Window) -> float | None:
        times = nginx.times(self.machine.work / f"nginx-{self.running.name}", *window)
        return statistics.fmean(times) if times else None

    def _sleep_until(self, moment: float, generator: Generator) -> None:
        """Sleep, looking now and then whether all processes still run."""
        while (left := moment - time.time()) > 0:
            self.running.check()
            generator.child.check()
            time.sleep(min(left, 0.25))


class Meter:
    """Reads what app, nginx and all around them use between the two ends of a window."""

    def __init__(self, machine: Machine, stack: Running, generator: Child, others: list[Generator]) -> None:
        self.sessions = (stack.app_sessions(), [stack.nginx.pid])
        own = [*stack.app_sessions(), stack.nginx.pid, machine.news_session, *(each.child.pid for each in others)]
        self.watch = interference.Watch([generator.pid], own, machine.plan.layout.used())
        self.app = self.nginx = 0.0

    def begin(self) -> None:
        """Read at the beginning."""
        self.watch.begin()
        self._before = [usage.read(each) for each in self.sessions]

    def end(self) -> None:
        """Read at the end: CPU seconds in between, and the surroundings."""
        after = [usage.read(each) for each in self.sessions]
        self.surroundings = self.watch.end()
        self.app, self.nginx = map(usage.seconds, self._before, after)
