"""From a generator that was let go to the record of its block: what was seen of it, read and put together."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from openloop.format import Samples
from tandem.drive.generator import Generator, Span
from tandem.drive.scattered import Probed
from tandem.errors import RunFailed
from tandem.experiments import harmed
from tandem.experiments.first_asked import FirstAsked
from tandem.experiments.meter import Metered
from tandem.experiments.site import Site
from tandem.launch import nginx
from tandem.launch.running_stack import RunningStack
from tandem.observe import budget_use, cross_checks, samples, slices, usage
from tandem.plan.order import Slot
from tandem.records.block import Block, Diagnostics
from tandem.records.blocked import Blocked
from tandem.records.setup import Blocking, Load


class Release(NamedTuple):
    """A generator that was let go, for one block."""

    load: Load
    slot: Slot
    generator: Generator
    started: str
    static_p50_ms: float | None  # of nginx alone, just before
    window: Span
    slices: Sequence[Span] = ()  # of the window; none: it is one piece
    drain_seconds: float = 0.0  # from the slices' ends to the last answers


class Assembly(NamedTuple):
    """A stack whose blocks are put together."""

    site: Site
    name: str
    running: RunningStack
    first_asked: FirstAsked

    def _read(self, release: Release) -> Samples:
        """Return the samples of the generator's whole run. Raises RunFailed where the window holds none, and should."""
        found = samples.read(release.generator.samples)
        load = release.load
        some = load.saturates or samples.rate_deviation(0, load.rate * load.seconds)
        if some and not len(samples.in_any(samples.first(found), release.slices or [release.window])):
            child = release.generator.child
            took = max(found.response_ms, default=0.0) / 1000
            if load.saturates and took > load.seconds:
                raise RunFailed(
                    f"{self.name} took up to {took:.1f} s for a request of {load.scenario}, and none was sent in its window of "
                    f"{load.seconds:g} s: give --seconds {math.ceil(3 * took)}, or leave that stack out"
                )
            raise RunFailed(f"{child.name} sent nothing in the window; its last log lines:\n{child.tail()}")
        return found

    def block(self, release: Release, meter: Metered, probed: Probed) -> Block:
        """Put together what was seen; blockers count for nothing but what they did. Raises RunFailed where no samples came."""
        everything = self._read(release)
        load, slot, window, parts = release.load, release.slot, release.window, release.slices
        found = samples.first(everything)
        inside = samples.in_any(found, parts or [window])
        app, served = usage.below(self.running.keepers()), self.running.database
        first = self.first_asked.beside(slot, load.scenario, inside)
        figures = (
            slices.figures(found, parts, release.drain_seconds if load.saturates else None)
            if parts
            else samples.figures(found, window)
        )
        seconds = meter.app / figures.requests if figures.requests else 0.0
        per_request = self.site.plan.definitions[self.name].process_per_request
        blocked = self._blocked(load.blocking, everything, window, seconds) if load.blocking else None
        return Block(
            round=slot.round,
            attempt=slot.attempt,
            scenario=load.scenario,
            stack=self.name,
            position=slot.position,
            started=release.started,
            seconds=slices.seconds(parts or [window]),
            saturating=load.in_flight if load.saturates else None,
            window_start=window.start,
            window_end=window.end,
            slices=[(part.start, part.end) for part in parts],
            drain_seconds=release.drain_seconds,
            sleepers_cpu_share=meter.sleepers.share if meter.sleepers else None,
            sleeper=meter.sleepers.name if meter.sleepers else "",
            samples=self._keep(release),
            **figures._asdict(),
            mismatched_requests=samples.mismatched_requests(first, inside),
            lost_or_duplicated=samples.lost_or_duplicated(found, window)
            + (0 if load.saturates else samples.rate_deviation(len(inside), load.rate * load.seconds))
            + (abs(blocked.blockers - load.blocking.number) if blocked and load.blocking else 0),
            blocked=blocked,
            app_cpu_seconds=meter.app,
            nginx_cpu_seconds=meter.nginx,
            database_cpu_seconds=meter.database,
            cpu_gap_share=meter.gap_share,
            strays=meter.strays,
            processes_ended=None if per_request else meter.ended,
            processes_begun=None if per_request else meter.begun,
            workers_replaced=meter.told.replaced if meter.told else None,
            workers_harakiri=meter.told.harakiri if meter.told else None,
            probes_answered=probed.answered,
            probes_different=probed.different if probed.answered else None,
            probe_example=probed.example[:2000],
            app_memory_bytes=usage.memory_bytes(app),
            nginx_memory_bytes=usage.memory_bytes([self.running.nginx.pid, *usage.below([self.running.nginx.pid])]),
            database_memory_bytes=usage.memory_bytes(usage.below(served.roots)) if served else None,
            start_seconds=self.running.start_seconds,
            interference=meter.interference,
            observed=budget_use.observe(
                app,
                served.port if served else self.site.file(self.name),
                self.site.news_port,
                samples.most_in_flight(everything, window),
            ),
            diagnostics=self._diagnostics(release, found),
        )

    def _blocked(self, blocking: Blocking, found: Samples, window: Span, seconds: float) -> Blocked:
        """Return what blockers did; `seconds` is the CPU time that a bystander costs the app."""
        plan = self.site.plan
        queues = harmed.queues(plan.definitions[self.name], plan.layout.stack, blocking)
        return harmed.blocked(blocking, found, window, seconds, queues)

    def _diagnostics(self, release: Release, found: Samples) -> Diagnostics:
        measured = self._nginx_mean_ms(release.window), release.static_p50_ms
        if release.slices:
            return slices.diagnostics(found, release.slices, *measured)
        return cross_checks.diagnostics(found, release.window, *measured)

    def _keep(self, release: Release) -> str:
        """Keep the generator's file as it is, and return its path within the run's folder."""
        slot = release.slot
        again = f"-attempt-{slot.attempt}" if slot.attempt > 1 else ""
        path = Path("samples") / f"round-{slot.round:02d}{again}-{release.load.slug}-{self.name}.csv.gz"
        target = self.site.folder / path
        target.parent.mkdir(exist_ok=True)
        os.replace(release.generator.samples, target)
        return str(path)

    def _nginx_mean_ms(self, window: Span) -> float | None:
        times = nginx.times(self.site.work / f"nginx-{self.name}", *window)
        return statistics.fmean(times) if times else None
