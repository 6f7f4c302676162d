"""The bench: one stack and the generators prepared for it; each block is released, watched, read and put together."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from tandem.drive import burner, command, scattered
from tandem.drive.generator import Generator, Span
from tandem.drive.scattered import Probed, Prober, Scatter
from tandem.experiments.assembly import Assembly, Release
from tandem.experiments.evidence import Evidence, Witness
from tandem.experiments.first_asked import FirstAsked
from tandem.experiments.meter import Meter, Metered
from tandem.experiments.site import Site
from tandem.launch import nginx, ports, warmup
from tandem.launch.process import Child, Children
from tandem.launch.running_stack import RunningStack
from tandem.observe.backlog import Sampler
from tandem.observe.provenance import now
from tandem.plan.apps import STALLS
from tandem.plan.order import Slot
from tandem.records import backlog, stalled
from tandem.records.block import Block
from tandem.records.setup import Load

NOT_SCATTERED = Scatter()
"""No probes: nothing was proved."""


class Bench:
    """One stack, the generators that were prepared for it, and the measuring of blocks."""

    def __init__(
        self, site: Site, name: str, exits: ExitStack, first_asked: FirstAsked, scatter: Scatter = NOT_SCATTERED
    ) -> None:
        self.site, self.name, self.exits, self.first_asked, self.scatter = site, name, exits, first_asked, scatter
        self.port = ports.free_port()
        self.children = exits.enter_context(Children())
        self.parts = [self.children]
        self.generators: dict[str, Generator] = {}  # by scenario
        self.running: RunningStack

    def prepare(self, load: Load, key: str) -> None:
        """Begin to load a generator, which then waits; it replaces an earlier one of the same scenario."""
        name = f"{self.name}-{load.slug}"
        prepared = Generator.prepare(
            command.drive(load),
            load_test=self.site.app.load_test,
            host=f"http://127.0.0.1:{self.port}",
            key=key,
            users=self.site.plan.users,
            samples=self.site.work / f"{name}.csv.gz",
            log=self.site.logs / f"locust-{name}.log",
            cpus=self.site.plan.layout.generator,
        )
        self.children.add(prepared.child)
        self.generators[load.scenario] = prepared

    def start(self) -> None:
        """Start the stack on a restored database and warm it, while generators that were prepared load."""
        with self.site.on_all_cpus():
            self.running = self.exits.enter_context(self.site.running(self.name, self.port, timing=True))
            self.parts.append(self.running.children)
            warmup.warm(self.running)
        served = self.running.database
        database = served.roots if served and served.keeper else []
        for keeper in (*self.running.keepers(), *database):
            os.sched_setaffinity(keeper, os.sched_getaffinity(0))  # it has the harness's CPUs, and had all of them

    def terminate(self) -> None:
        """Ask all that runs here to stop, and don't wait."""
        for each in self.parts:
            each.terminate()

    def measure(self, load: Load, slot: Slot) -> Block:
        """Measure one block. Raises RunFailed where a process ends or no samples come."""
        evidence = Evidence(self._witnesses())
        release = self._release(load, slot)
        prober = self.ask(load, slot, release.window, scattered.number(load))
        with self._sampler():
            metered = self._watch(release)
        block = self.block(release, metered, prober.outcome())
        evidence.keep(self.site.folder, block)
        return block

    def _witnesses(self) -> list[Witness]:
        """Return who else tells of a block: the servers, where they write what held them up, then nginx and the kernel, too."""
        if not self.site.plan.watched:
            return []
        return [
            Witness(self.site.own(self.name) / STALLS, stalled.STALLS),
            Witness(self.site.work / f"nginx-{self.name}" / nginx.TIMING_LOG, stalled.ACCESS),
            Witness(self._backlog, backlog.BACKLOG),
        ]

    def _sampler(self) -> AbstractContextManager[None]:
        """Return what looks into the sockets of the servers meanwhile, where others tell of a block, too."""
        return Sampler(self.running.server_ports, self._backlog) if self.site.plan.watched else nullcontext()

    @property
    def _backlog(self) -> Path:
        """Where it writes."""
        return self.site.work / f"backlog-{self.name}.jsonl"

    def ask(self, load: Load, slot: Slot, window: Span, count: int, part: str = "") -> Prober:
        """Have probes asked within a window, or a part of one, the same ones of every stack."""
        key = f"{self.site.plan.seed}/{slot.round}/{slot.attempt}/{load.scenario}{part}"
        prober = Prober(self.port, self.scatter, start=window.start, end=window.end, count=count, key=key)
        prober.start()
        return prober

    def _release(self, load: Load, slot: Slot) -> Release:
        """Let the generator go, once no generator is still loading beside it."""
        self.loaded()
        generator = self.generators[load.scenario]
        static = warmup.static_p50_ms(self.running)
        started = now()
        return Release(load, slot, generator, started, static, generator.release())

    def loaded(self) -> None:
        """Wait until no generator is still loading."""
        for each in self.generators.values():
            each.loaded()

    def ours(self) -> list[Child]:
        """Return the generators and the news stub: what is ours and no part of the stack."""
        return [*(each.child for each in self.generators.values()), *([self.site.news] if self.site.news else [])]

    def _watch(self, release: Release) -> Metered:
        """Read CPU and interference at both ends of the window, then wait for the generator's end."""
        burning = self._burn(release)
        meter = Meter(self.running, release.generator.child, [*self.ours(), *burning], self.site.plan.layout, burning)
        self._sleep_until(release.window.start, release.generator)
        meter.begin()
        self._sleep_until(release.window.end, release.generator)
        metered = meter.end()
        release.generator.finish(self.running.check)
        for each in burning:
            each.check()
            each.terminate()
        return metered

    def _burn(self, release: Release) -> list[Child]:
        """Start what burns CPU beside the stack, where the load is a control."""
        blocking = release.load.blocking
        if blocking is None or not blocking.control:
            return []
        log = self.site.logs / f"burner-{self.name}.log"
        return [self.children.add(burner.start(blocking, release.window.start, self.site.plan.layout.stack, log))]

    def block(self, release: Release, meter: Metered, probed: Probed) -> Block:
        """Put together what was seen. Raises RunFailed where no samples came."""
        return Assembly(self.site, self.name, self.running, self.first_asked).block(release, meter, probed)

    def _sleep_until(self, moment: float, generator: Generator) -> None:
        """Sleep, looking now and then whether all processes still run."""
        while (left := moment - time.time()) > 0:
            self.running.check()
            generator.child.check()
            time.sleep(min(left, 0.25))
