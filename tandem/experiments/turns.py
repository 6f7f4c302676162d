"""Turns: the stacks of a round, each in its own place, take turns in slices of a second or less, while the others sleep.

What makes ratios scatter is the machine, which drifts over seconds: stacks that are measured within the same seconds drift
together. Between two turns all that is in flight is answered, so that no stack is asked beside another.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from tandem.drive import scattered
from tandem.drive.generator import Span
from tandem.drive.scattered import Probed, Prober
from tandem.experiments import meter
from tandem.experiments.assembly import Release
from tandem.experiments.bench import Bench
from tandem.experiments.meter import Gauge, Metered, Reading, Sleeper
from tandem.launch import warmup
from tandem.observe import interference, usage, uwsgi
from tandem.observe.provenance import now
from tandem.plan.loads import turns
from tandem.plan.order import RoundAttempt, Slot, orders
from tandem.records.block import Block
from tandem.records.setup import Load

LEAD_SECONDS = 0.02
"""From telling a generator its turn to the turn's beginning."""


class Readings(NamedTuple):
    """All that was used until a moment between two turns."""

    stacks: Mapping[str, Reading]
    around: interference.HostReading


@dataclass
class Taken:
    """The turns that one stack took: their slices, when the last answers came, what was read at both ends, and the probes."""

    started: str
    static_p50_ms: float | None
    slices: list[Span] = field(default_factory=list)
    drain_seconds: float = 0.0
    ends: list[tuple[Readings, Readings]] = field(default_factory=list)
    probers: list[Prober] = field(default_factory=list)
    told: uwsgi.Replacements | None = None  # what its server says of its workers, from its first slice to its last

    @property
    def busy_seconds(self) -> float:
        """For how long it was asked or answered."""
        return math.fsum(part.end - part.start for part in self.slices) + self.drain_seconds

    def settle(self) -> None:
        """Wait for the probes of the last turn: what a stack still does for one would be done in the turn of the next."""
        for prober in self.probers[-1:]:
            prober.join(2 * scattered.SECONDS)

    def probed(self) -> Probed:
        """What became of the probes of all turns."""
        found = [each.outcome() for each in self.probers]
        example = next((each.example for each in found if each.example), "")
        return Probed(sum(each.answered for each in found), sum(each.different for each in found), example)


class Benches:
    """The benches of a round, which are prepared and started together, and measured in turn."""

    def __init__(self, benches: Mapping[str, Bench]) -> None:
        self.benches = benches
        self.site = next(iter(benches.values())).site

    def prepare(self, name: str, load: Load, key: str) -> None:
        """Begin to load a generator for one stack."""
        self.benches[name].prepare(load, key)

    def start(self) -> None:
        """Start all stacks, each on a restored database of its own, and warm them."""
        for bench in self.benches.values():
            bench.start()

    def terminate(self) -> None:
        """Ask all that runs to stop at the same time; whoever handed out the benches waits for them one by one."""
        for bench in self.benches.values():
            bench.terminate()

    def measure_alone(self, name: str, load: Load, slot: Slot) -> Block:
        """Measure a block in one piece, beside which all other stacks are to sleep. Raises RunFailed as `Bench.measure`."""
        for bench in self.benches.values():
            bench.loaded()
        others = {
            other: Gauge(each.running, self.site.plan.layout) for other, each in self.benches.items() if other != name
        }
        before, began = _read(others), time.monotonic()
        block = self.benches[name].measure(load, slot)
        after, seconds = _read(others), time.monotonic() - began
        worst = max((Sleeper(_spent(before[each], after[each]) / seconds, each) for each in others), default=None)
        if worst is None:
            return block
        return msgspec.structs.replace(block, sleepers_cpu_share=worst.share, sleeper=worst.name)

    def measure(self, load: Load, which: RoundAttempt) -> list[Block]:
        """Measure a block of each stack, in the order of their first turns. Raises RunFailed as `Bench.measure`."""
        length = load.seconds / load.slices
        warming = turns(load) - load.slices
        key = f"{self.site.plan.seed}/{which.round}/{which.attempt}/{load.scenario}"
        taken = self._begin(load)
        for order in orders(list(self.benches), warming, f"warm-up {key}"):
            for name in order:
                self._turn(load, name, length)
        planned = orders(list(self.benches), load.slices, key)
        slots = {name: which.slot(position) for position, name in enumerate(planned[0], 1)}
        probes = _spread(scattered.number(load), load.slices, key)
        told = self._told()
        before = self._readings(load)
        for cycle, order in enumerate(planned):
            for name in order:
                ask = self._asking(taken[name], load, slots[name], name, cycle, probes[cycle])
                turn, answered = self._turn(load, name, length, ask)
                taken[name].settle()
                after = self._readings(load)
                taken[name].slices.append(turn)
                taken[name].drain_seconds += max(0.0, answered - turn.end)
                taken[name].ends.append((before, after))
                before = after
        for name, count in self._told().items():
            taken[name].told = uwsgi.between(told[name], count)
        self._end(load)
        return [self._block(load, slots[name], name, taken) for name in planned[0]]

    def _begin(self, load: Load) -> dict[str, Taken]:
        """Have all generators of this load wait for their first turns, once no generator is still loading."""
        for bench in self.benches.values():
            bench.loaded()
        taken = {}
        for name, bench in self.benches.items():
            taken[name] = Taken(now(), warmup.static_p50_ms(bench.running))
            bench.generators[load.scenario].join_in()
        self._gauges = {name: Gauge(bench.running, self.site.plan.layout) for name, bench in self.benches.items()}
        self._watch = self._watching(load)
        return taken

    def _watching(self, load: Load) -> interference.Watch:
        """Return what watches the machine: all stacks, all generators and the news stub are ours."""
        generators = [bench.generators[load.scenario].child.pid for bench in self.benches.values()]
        stacks = [pid for each in self._gauges.values() for pid in each.roots]
        others = [child.pid for bench in self.benches.values() for child in bench.ours()]
        return interference.Watch(generators, [*stacks, *others], self.site.plan.layout.used())

    def _readings(self, load: Load) -> Readings:
        self.check(load)
        return Readings(_read(self._gauges), self._watch.read())

    def _told(self) -> dict[str, uwsgi.Replacements | None]:
        return {name: uwsgi.read(bench.running.stats) for name, bench in self.benches.items()}

    def check(self, load: Load) -> None:
        """Raise RunFailed where a process of any stack, or a generator, has ended."""
        for bench in self.benches.values():
            bench.running.check()
            bench.generators[load.scenario].child.check()

    def _asking(
        self, taken: Taken, load: Load, slot: Slot, name: str, cycle: int, count: int
    ) -> Callable[[Span], None]:
        """Return what has the probes of one turn asked, once it is known when that is."""

        def ask(turn: Span) -> None:
            if count:
                taken.probers.append(self.benches[name].ask(load, slot, turn, count, f"/{cycle}"))

        return ask

    def _turn(
        self, load: Load, name: str, seconds: float, ask: Callable[[Span], None] = lambda _: None
    ) -> tuple[Span, float]:
        """Give one stack its turn; return when that was, and when nothing of it was in flight any more."""
        generator = self.benches[name].generators[load.scenario]
        start = round(time.time() + LEAD_SECONDS, 6)
        turn = Span(start, round(start + seconds, 6))
        generator.take_turn(turn)
        ask(turn)
        time.sleep(max(0.0, turn.end - time.time()))
        return turn, generator.answered(self.benches[name].running.check)

    def _end(self, load: Load) -> None:
        """Let the generators write their samples and end."""
        for bench in self.benches.values():
            bench.generators[load.scenario].no_more_turns()
        for bench in self.benches.values():
            bench.generators[load.scenario].finish(bench.running.check)

    def _block(self, load: Load, slot: Slot, name: str, taken: Mapping[str, Taken]) -> Block:
        mine, bench = taken[name], self.benches[name]
        window = Span(mine.slices[0].start, mine.slices[-1].end)
        generator = bench.generators[load.scenario]
        release = Release(
            load, slot, generator, mine.started, mine.static_p50_ms, window, mine.slices, mine.drain_seconds
        )
        return bench.block(release, self._metered(name, generator.child.pid, taken), mine.probed())

    def _metered(self, name: str, generator: int, taken: Mapping[str, Taken]) -> Metered:
        """Return what a stack used in its turns, what went on around it, and what the others used that were to sleep."""
        mine = taken[name]
        parts = [(before.stacks[name], after.stacks[name]) for before, after in mine.ends]
        around = [(before.around, after.around) for before, after in mine.ends]
        found = self._watch.over(around, generator)
        # A generator works while a stack is asked or answers, not while it is read what was used.
        busy = found.generator_cpu_share * _seconds(around) / mine.busy_seconds
        found = msgspec.structs.replace(found, generator_cpu_share=busy)
        sleepers = [_asleep(other, mine.ends) for other in self.benches if other != name]
        metered = meter.metered(parts, found, len(self.site.plan.layout.stack), max(sleepers, default=None))
        return metered._replace(told=mine.told)


def _asleep(name: str, ends: Sequence[tuple[Readings, Readings]]) -> Sleeper:
    """Return what a stack used between these readings, in the turns of another."""
    spent = math.fsum(_spent(before.stacks[name], after.stacks[name]) for before, after in ends)
    return Sleeper(spent / _seconds([(before.around, after.around) for before, after in ends]), name)


def _spent(before: Reading, after: Reading) -> float:
    return usage.seconds(before.app, after.app) + usage.seconds(before.nginx, after.nginx)


def _read(gauges: Mapping[str, Gauge]) -> dict[str, Reading]:
    processes = usage.scan()
    return {name: gauge.read(processes) for name, gauge in gauges.items()}


def _seconds(parts: interference.Parts) -> float:
    return math.fsum(after.moment - before.moment for before, after in parts)


def _spread(count: int, slices: int, key: str) -> list[int]:
    """Return how many probes are asked in each slice, the same for every stack."""
    found = Counter(random.Random(f"{key}/slices").choices(range(slices), k=count))
    return [found[number] for number in range(slices)]
