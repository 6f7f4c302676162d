"""What the page's process is told at its start, as a file of JSON."""

from __future__ import annotations

import msgspec

from tandem.plan.definition import Definition
from tandem.plan.kinds import Kind


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """A stack that answers, and what is known of it."""

    name: str
    title: str
    port: int  # nginx listens here
    processes: int
    servers: int
    slots: int | None  # over all servers; None: a loop in each process
    stalls: str  # the file into which its servers write what stalled
    code: str  # the folder that the names of files in it are relative to


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page's process needs."""

    port: int
    rate: int
    seed: int
    lanes: list[Lane]
    bystanders: list[str]  # paths, asked for in turn
    kinds: dict[str, Kind]
    shared: bool  # the lanes share their CPU: what computes in one slows the others


def lane(name: str, stack: Definition, *, port: int, cpus: int, stalls: str) -> Lane:
    """Return what is known of a stack that answers on this port and has so many CPUs."""
    budget = stack.budget(cpus)
    return Lane(
        name=name,
        title=stack.title,
        port=port,
        processes=budget.processes,
        servers=len(stack.server_cpus(range(cpus))),
        slots=budget.slots,
        stalls=stalls,
        code=stack.directory,
    )
