"""Processors: what can be said about the CPUs of this machine before a run. Each function looks at one thing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from tandem import topology
from tandem.doctor.check import Check
from tandem.errors import TandemError
from tandem.judge import validity
from tandem.judge.validity import Limit
from tandem.observe import host, interference, kernel
from tandem.plan import cpu_layout


def cpus(cpus: int, allowed: Sequence[int] | None = None, siblings: topology.Siblings | None = None) -> Iterator[Check]:
    """Look at how the CPUs would be laid out, with so many for the stack."""
    try:
        layout = cpu_layout.layout(cpus, allowed, siblings)
    except TandemError as error:
        yield Check("CPUs", "bad", str(error))
        return
    if layout.suspect:
        yield Check("CPUs", "bad", f"{layout.suspect}; allow two or more")
        return
    places = [("stack", layout.stack), ("generator", layout.generator), ("harness and news stub", layout.harness)]
    text = ", ".join(f"{name} on {', '.join(map(str, each))}" for name, each in places)
    yield Check("CPUs", "ok", f"{len(layout.allowed)} allowed: {text}")
    for note in layout.notes:
        yield Check("hyperthreads", "note", note)


def quota(allowed: int) -> Check:
    """Look for a CPU quota over this process, which may use so many CPUs."""
    most = kernel.quota_cpus()
    if most is None:
        return Check("CPU quota", "ok", "none")
    if most >= allowed:
        return Check("CPU quota", "ok", f"{most:g} CPUs, as many as are allowed")
    return Check(
        "CPU quota",
        "bad" if most < 2 else "note",
        f"{most:g} CPUs for {allowed} that are allowed: whole processes stand still when it is used up, and blocks in which "
        "that happens count as INVALID; raise it or run outside it",
    )


def frequency(allowed: Sequence[int]) -> Check:
    """Look at what changes the CPUs' frequency."""
    governors = {kernel.text(topology.SYSTEM_CPUS / f"cpu{cpu}/cpufreq/scaling_governor") for cpu in allowed} - {""}
    boost = kernel.text(topology.SYSTEM_CPUS / "cpufreq/boost") == "1"
    turbo = kernel.text(topology.SYSTEM_CPUS / "intel_pstate/no_turbo") == "0"
    moving = [f"the governor is {name}" for name in sorted(governors - {"performance"})]
    if boost or turbo:
        moving.append("boost is on")
    if moving:
        return Check(
            "frequency",
            "note",
            f"{' and '.join(moving)}: absolute figures move with load and heat, ratios less; for steadier ones "
            "`cpupower frequency-set -g performance` and boost off",
        )
    return Check(
        "frequency", "ok", "fixed" if governors else "not available on this host (usual for a virtual machine)"
    )


def virtualised() -> Check:
    """Look whether this is a virtual machine."""
    name = host.hypervisor()
    if name is None:
        return Check("virtualised", "ok", "no, or the CPU doesn't report it")
    return Check(
        "virtualised",
        "note",
        f"yes ({name}): neighbours on the same host can't be seen but by stolen CPU, and not every host reports that; "
        "compare ratios, not absolute figures",
    )


def clock() -> Check:
    """Look at the kernel's clock."""
    name = kernel.text(topology.SYSTEM_CPUS.parent / "clocksource/clocksource0/current_clocksource") or "unknown"
    if name in ("hpet", "acpi_pm", "jiffies", "refined-jiffies"):
        return Check(
            "clock", "note", f"{name}: every look at the time is a slow call, which costs stacks that look often more"
        )
    return Check("clock", "ok", name)


def generator_waiting() -> Check:
    """Look whether the kernel keeps how long a thread waited for its CPU (run-queue delay)."""
    if kernel.waiting([os.getpid()]) is None:
        return Check(
            "run-queue delay",
            "note",
            "/proc/PID/schedstat is empty: a program on the generator's CPU shows only in dispatch lag; a kernel built "
            "with CONFIG_SCHED_INFO fills it",
        )
    return Check("run-queue delay", "ok", "readable (schedstat)")


def activity(look: interference.Activity) -> Iterator[Check]:
    """Judge what others did during a look."""
    found = look.interference
    who = f": {', '.join(look.busiest)}" if look.busiest else ""
    yield _share("others", validity.OTHERS_CPU, found.others_cpu_share, f"{who}; stop what runs beside, or wait")
    yield _share("stolen CPU", validity.STEAL, found.steal_share, "; the host is busy: wait, or use another machine")
    if found.throttled_share is None:
        yield Check("throttling", "note", "no cgroup shows it: a CPU quota can't be noticed")
    if found.pressure_share is None:
        yield Check("pressure", "note", "/proc/pressure/cpu is missing: reports do without it, nothing is judged by it")
    else:
        yield Check("pressure", "ok", f"some task waited for a CPU {found.pressure_share:.1%} of the time")


def _share(name: str, limit: Limit, share: float | None, what_to_do: str) -> Check:
    assert limit.suspect is not None
    if share is None:
        return Check(name, "note", f"{limit.title}: not available on this host, so every run here counts as suspect")
    percent = 100 * share
    text = f"{limit.title} {percent:.1f} {limit.unit}"
    if percent > limit.invalid:
        return Check(name, "bad", f"{text}, and blocks are INVALID beyond {limit.invalid:g}{what_to_do}")
    if percent > limit.suspect:
        return Check(name, "note", f"{text}, and blocks are SUSPECT beyond {limit.suspect:g}{what_to_do}")
    return Check(name, "ok", text)
