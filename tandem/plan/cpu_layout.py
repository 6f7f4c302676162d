"""The layout: which CPUs the stack, the generator and the harness get."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from tandem.errors import TandemError
from tandem.topology import Siblings, thread_siblings

ONE_CPU = "only one CPU: the stack and the generator share it, so these numbers are suspect and no verdict is given"


class Layout(NamedTuple):
    """Which CPUs do what."""

    allowed: list[int]
    stack: list[int]  # nginx and app together
    generator: list[int]
    suspect: str | None  # why numbers taken with it can't be believed
    harness: list[int]  # the harness and the news stub
    notes: list[str]  # what a reader should know; withholds no verdict

    def used(self) -> list[int]:
        """Return all CPUs that a run uses."""
        return sorted({*self.stack, *self.generator, *self.harness})


def layout(cpus: int, allowed: Sequence[int] | None = None, siblings: Siblings | None = None) -> Layout:
    """Give the first `cpus` CPUs to the stack, one per core as far as it goes, the last one to the generator, and of the
    rest one to the harness and the news stub; without a rest they share the generator's.

    No core is split between the stack and anything else of ours where there is another choice. `allowed` are the CPUs
    that may be used, None stands for those that this process may use; `siblings` as the kernel lists them if None.
    Raises TandemError where the CPUs are too few.
    """
    usable = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    if len(usable) == 1 and cpus == 1:
        return Layout(usable, usable, usable, ONE_CPU, usable, [])
    if cpus >= len(usable):
        raise TandemError(
            f"{cpus} CPUs for the stack and one for the generator are {cpus + 1}, and this machine allows {len(usable)}: "
            f"give --cpus {max(1, len(usable) - 1)}"
        )
    cores = {cpu: min(shared) for cpu, shared in (thread_siblings(usable) if siblings is None else siblings).items()}
    core = [cores.get(cpu, cpu) for cpu in range(max(usable) + 1)]
    generator = _generator(cpus, usable, core)
    stack = _stack(cpus, usable, generator, core)
    rest = [cpu for cpu in usable if cpu != generator and core[cpu] not in {core[each] for each in stack}]
    # The generator's own core comes last: its other hyperthread would slow the generator.
    harness = max(rest, key=lambda cpu: (core[cpu] != core[generator], cpu), default=generator)
    return Layout(usable, stack, [generator], None, [harness], _notes(stack, generator, core))


def _generator(cpus: int, usable: Sequence[int], core: Sequence[int]) -> int:
    """Return the last CPU that leaves the stack enough others on other cores, else the last of all."""
    for generator in reversed(usable):
        if sum(core[cpu] != core[generator] for cpu in usable) >= cpus:
            return generator
    return usable[-1]


def _stack(cpus: int, usable: Sequence[int], generator: int, core: Sequence[int]) -> list[int]:
    """Return the first CPUs, of each core its first thread before any second one, the generator's core last."""
    others = [cpu for cpu in usable if cpu != generator]
    thread = {cpu: sum(core[each] == core[cpu] for each in others if each < cpu) for cpu in others}
    return sorted(sorted(others, key=lambda cpu: (core[cpu] == core[generator], thread[cpu], cpu))[:cpus])


def _notes(stack: Sequence[int], generator: int, core: Sequence[int]) -> list[str]:
    notes = []
    beside = [cpu for cpu in stack if core[cpu] == core[generator]]
    if beside:
        notes.append(
            f"CPU {beside[0]} of the stack and CPU {generator} of the generator are hyperthreads of one core and slow each "
            "other: allow more CPUs, give the stack fewer, or switch hyperthreading off"
        )
    if len({core[cpu] for cpu in stack}) < len(stack):
        notes.append("some CPUs of the stack are hyperthreads of one core: together they do the work of less than two")
    return notes
