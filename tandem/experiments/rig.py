"""The rig: starts stacks for real, drives Locust at them and reads what they use."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tandem.drive import calibration, generator, sameness
from tandem.drive.generator import Generator, Window
from tandem.errors import RunFailed
from tandem.launch import database, news, nginx, ports, running_stack, warmup
from tandem.launch.process import Children
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.observe import budget_use, interference, samples, usage
from tandem.observe.provenance import now
from tandem.observe.samples import Samples
from tandem.plan import contract
from tandem.plan.comparison import Plan
from tandem.plan.order import Slot
from tandem.plan.stacks import DECOY
from tandem.records import run_folder
from tandem.records.block import Block
from tandem.records.setup import Calibration, Load


class Rig:
    """Runs the stacks of a plan on this machine, one at a time. All it writes is below `folder`."""

    def __init__(self, plan: Plan, folder: Path, nginx: Path) -> None:
        # Absolute, because children start in folders of their own.
        self.plan, self.folder, self.nginx = plan, folder.resolve(), nginx
        self.work, self.logs = self.folder / "work", self.folder / "logs"
        self.app = plan.application
        self.contract = contract.read(Path(self.app.probes), plan.users)
        self.snapshot = self.work / "seed.db"
        self.news_port, self.news_session = 0, 0
        self.first_asked: dict[tuple[int, int, str], Samples] = {}

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Seed the snapshot and keep the news stub running; remove the working files at the end."""
        try:
            with run_folder.keeping(self.folder):
                self.work.mkdir(parents=True, exist_ok=True)
                database.seed(self.app, self.snapshot, self.plan.users, self.logs / "database.log")
            self.news_port = ports.free_port()
            with news.stub(
                port=self.news_port, delay=self.plan.news_seconds(), logs=self.logs, cpus=self.plan.layout.harness
            ) as stub:
                self.news_session = stub.pid
                yield
        finally:
            shutil.rmtree(self.work, ignore_errors=True)

    def prove(self) -> int:
        """Have every stack answer the probes and return how many there are. Raises RunFailed with the difference."""
        names = [name for name in self.plan.definitions if name != DECOY]
        found = {}
        for name in names:
            with self._running(name) as stack:
                found[name] = sameness.answers(stack.port, self.contract)
                stack.check()
        for other in names[1:]:
            difference = sameness.difference(self.contract.probes, names[0], found[names[0]], other, found[other])
            if difference:
                raise RunFailed(
                    f"{names[0]} and {other} do not give the same answers; nothing was measured:\n{difference}"
                )
        return len(self.contract.probes)

    def calibrate(self) -> Calibration | None:
        """Measure what the load generator can do against nginx alone; None where the app has no scenario for that."""
        if self.app.floor is None:
            return None
        rate = max(load.rate for load in self.plan.loads)
        seconds = min(calibration.SECONDS, *(load.seconds for load in self.plan.loads))
        return calibration.calibrate(
            self.app, self.app.floor, self.work, self.logs, self.nginx, self.plan.layout, rate, seconds
        )

    @contextmanager
    def stack(self, name: str) -> Iterator[Bench]:
        """Hand out a stack that is not yet started, and stop it and its generators at the end."""
        with ExitStack() as exits:
            yield Bench(self, name, exits)

    @contextmanager
    def _running(self, name: str, port: int | None = None, timing: bool = False) -> Iterator[RunningStack]:
        file = self.file(name)
        database.restore(self.app, self.snapshot, file, self.logs / "database.log")
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
        )
        with running_stack.running(name, self.plan.definitions[name], environment) as stack:
            yield stack

    def file(self, name: str) -> Path:
        """Return the database of a stack."""
        return self.work / f"{name}.db"


class Release(NamedTuple):
    """A generator that was let go, for one block."""

    load: Load
    slot: Slot
    generator: Generator
    started: str
    static_p50_ms: float | None  # of nginx alone, just before
    window: Window


class Bench:
    """One stack, the generators that were prepared for it, and the measuring of blocks."""

    def __init__(self, rig: Rig, name: str, exits: ExitStack) -> None:
        self.rig, self.name, self.exits = rig, name, exits
        self.port = ports.free_port()
        self.children = exits.enter_context(Children())
        self.generators: dict[str, Generator] = {}  # by scenario
        self.running: RunningStack

    def prepare(self, load: Load, key: str) -> None:
        """Begin to load a generator, which then waits; it replaces an earlier one of the same scenario."""
        name = f"{self.name}-{load.scenario}"
        prepared = Generator.prepare(
            generator.open_loop(load),
            load_test=self.rig.app.load_test,
            host=f"http://127.0.0.1:{self.port}",
            key=key,
            users=self.rig.plan.users,
            samples=self.rig.work / f"{load.scenario}.csv.gz",
            log=self.rig.logs / f"locust-{name}.log",
            cpus=self.rig.plan.layout.generator,
        )
        self.children.add(prepared.child)
        self.generators[load.scenario] = prepared

    def start(self) -> None:
        """Start the stack on a restored database and warm it, while generators that were prepared load."""
        self.running = self.exits.enter_context(self.rig._running(self.name, self.port, timing=True))
        warmup.warm(self.running)

    def measure(self, load: Load, slot: Slot) -> Block:
        """Measure one block. Raises RunFailed where a process ends or no samples come."""
        release = self._release(load, slot)
        meter = self._watch(release)
        found = self._read(release)
        return self._block(release, meter, found)

    def _release(self, load: Load, slot: Slot) -> Release:
        """Let the generator go, once no generator is still loading beside it."""
        for each in self.generators.values():
            each.loaded()
        generator = self.generators[load.scenario]
        static = warmup.static_p50_ms(self.running)
        started = now()
        return Release(load, slot, generator, started, static, generator.release())

    def _watch(self, release: Release) -> Meter:
        """Read CPU and interference at both ends of the window, then wait for the generator's end."""
        meter = Meter(self, release.generator)
        self._sleep_until(release.window.start, release.generator)
        meter.begin()
        self._sleep_until(release.window.end, release.generator)
        meter.end()
        release.generator.finish(self.running.check)
        return meter

    def _read(self, release: Release) -> Samples:
        """Return the samples of the generator's whole run. Raises RunFailed where the window holds none."""
        found = samples.read(release.generator.samples)
        if not len(samples.within(found, *release.window)):
            child = release.generator.child
            raise RunFailed(f"{child.name} sent nothing in the window; its last log lines:\n{child.tail()}")
        return found

    def _block(self, release: Release, meter: Meter, found: Samples) -> Block:
        """Put together what was seen, and keep the window's samples."""
        load, slot, window = release.load, release.slot, release.window
        inside = samples.within(found, *window)
        target = self._samples_file(load, slot)
        samples.write(self.rig.folder / target, inside)
        first = self.rig.first_asked.setdefault((slot.round, slot.attempt, load.scenario), inside)
        figures = samples.figures(found, window)
        return Block(
            round=slot.round,
            attempt=slot.attempt,
            scenario=load.scenario,
            stack=self.name,
            position=slot.position,
            started=release.started,
            seconds=window.end - window.start,
            samples=str(target),
            arrivals=figures.arrivals,
            requests=figures.requests,
            failures=figures.failures,
            unfinished=figures.unfinished,
            dropped=figures.dropped,
            backlog=figures.backlog,
            rate=figures.rate,
            p50_ms=figures.p50_ms,
            p90_ms=figures.p90_ms,
            p99_ms=figures.p99_ms,
            max_ms=figures.max_ms,
            dispatch_lag_p50_ms=figures.dispatch_lag_p50_ms,
            dispatch_lag_p99_ms=figures.dispatch_lag_p99_ms,
            failure_examples=figures.failure_examples,
            asked_otherwise=samples.asked_otherwise(first, inside),
            unaccounted=samples.unaccounted(found, window)
            + samples.off_schedule(len(inside), load.rate * load.seconds),
            app_cpu_seconds=meter.app,
            nginx_cpu_seconds=meter.nginx,
            app_memory_bytes=usage.memory_bytes(self.running.app_sessions()),
            nginx_memory_bytes=usage.memory_bytes([self.running.nginx.pid]),
            start_seconds=self.running.start_seconds,
            interference=meter.interference,
            observed=budget_use.observe(
                self.running.app_sessions(),
                self.rig.file(self.name),
                self.rig.news_port,
                samples.most_in_flight(found, window),
            ),
            diagnostics=samples.diagnostics(found, window, self._nginx_mean_ms(window), release.static_p50_ms),
        )

    def _samples_file(self, load: Load, slot: Slot) -> Path:
        again = f"-attempt-{slot.attempt}" if slot.attempt > 1 else ""
        return Path("samples") / f"round-{slot.round:02d}{again}-{load.scenario}-{self.name}.csv.gz"

    def _nginx_mean_ms(self, window: Window) -> float | None:
        times = nginx.times(self.rig.work / f"nginx-{self.name}", *window)
        return statistics.fmean(times) if times else None

    def _sleep_until(self, moment: float, generator: Generator) -> None:
        """Sleep, looking now and then whether all processes still run."""
        while (left := moment - time.time()) > 0:
            self.running.check()
            generator.child.check()
            time.sleep(min(left, 0.25))


class Meter:
    """Reads what app, nginx and all around them use between the two ends of a window."""

    def __init__(self, bench: Bench, generator: Generator) -> None:
        stack, others = bench.running, bench.generators.values()
        self.sessions = (stack.app_sessions(), [stack.nginx.pid])
        own = [*stack.app_sessions(), stack.nginx.pid, bench.rig.news_session, *(each.child.pid for each in others)]
        self.watch = interference.Watch([generator.child.pid], own, bench.rig.plan.layout.used())
        self.app = self.nginx = 0.0

    def begin(self) -> None:
        """Read at the beginning."""
        self.watch.begin()
        self._before = [usage.read(each) for each in self.sessions]

    def end(self) -> None:
        """Read at the end: CPU seconds in between, and the interference."""
        after = [usage.read(each) for each in self.sessions]
        self.interference = self.watch.end()
        self.app, self.nginx = map(usage.seconds, self._before, after)
