"""Which CPUs do what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tandem import topology
from tandem.errors import TandemError
from tandem.observe import host
from tandem.plan import cpu_layout
from tandem.topology import Siblings

SIZES = (2, 4, 8, 16)


def alone(cpus: int) -> Siblings:
    return {cpu: [cpu] for cpu in range(cpus)}


def halves(cpus: int) -> Siblings:
    """Hyperthreads as Linux numbers them on most machines: first all first ones, then all second ones."""
    return {cpu: sorted([cpu, (cpu + cpus // 2) % cpus]) for cpu in range(cpus)}


def pairs(cpus: int) -> Siblings:
    """Hyperthreads as most virtual machines number them."""
    return {cpu: [cpu - cpu % 2, cpu - cpu % 2 + 1] for cpu in range(cpus)}


def test_stack_and_generator_get_cpus_of_their_own() -> None:
    layout = cpu_layout.layout(1, [3, 1], alone(4))
    assert (layout.allowed, layout.stack, layout.generator, layout.suspect) == ([1, 3], [1], [3], None)
    assert (layout.harness, layout.notes) == ([3], [])
    layout = cpu_layout.layout(3, [0, 1, 2, 3, 4], alone(5))
    assert (layout.stack, layout.generator, layout.harness) == ([0, 1, 2], [4], [3])


def test_one_cpu_is_shared_and_suspect() -> None:
    layout = cpu_layout.layout(1, [5])
    assert (layout.stack, layout.generator, layout.harness) == ([5], [5], [5])
    assert layout.suspect is not None
    assert "suspect" in layout.suspect


@pytest.mark.parametrize(("cpus", "allowed"), [(2, [0, 1]), (2, [0]), (9, [0, 1, 2])])
def test_too_few_cpus_are_refused(cpus: int, allowed: list[int]) -> None:
    with pytest.raises(TandemError, match=f"give --cpus {max(1, len(allowed) - 1)}"):
        cpu_layout.layout(cpus, allowed)


@pytest.mark.parametrize("size", SIZES)
def test_without_hyperthreads_the_first_the_last_and_the_last_but_one(size: int) -> None:
    for cpus in range(1, size):
        layout = cpu_layout.layout(cpus, range(size), alone(size))
        assert layout.stack == list(range(cpus))
        assert layout.generator == [size - 1]
        assert layout.harness == [size - 2 if size >= cpus + 2 else size - 1]
        assert (layout.suspect, layout.notes) == (None, [])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("threads", [halves, pairs])
def test_hyperthreads_of_one_core_are_not_split_while_there_is_a_choice(
    size: int, threads: Callable[[int], Siblings]
) -> None:
    siblings = threads(size)
    for cpus in range(1, size):
        layout = cpu_layout.layout(cpus, range(size), siblings)
        assert len(set(layout.stack)) == cpus
        assert not {*layout.generator, *layout.harness} & set(layout.stack)
        beside = {each for cpu in layout.stack for each in siblings[cpu]}
        assert not set(layout.harness) & beside or layout.harness == layout.generator
        split = bool(set(layout.generator) & beside)
        assert split == (cpus > size - 2)  # the generator's core has two threads: the rest is for the stack
        assert split == any("generator" in note for note in layout.notes)
        assert (cpus > size // 2 - 1) == any("than two" in note for note in layout.notes) or size == 2


def test_hyperthreads_one_by_one() -> None:
    assert cpu_layout.layout(1, range(4), halves(4))[1:3] == ([0], [3])
    assert cpu_layout.layout(1, range(4), halves(4)).harness == [1]  # 2 is the stack's other hyperthread
    assert cpu_layout.layout(2, range(4), halves(4))[1:3] == ([0, 2], [3])  # not 0 and 1: 1 shares the generator's core
    assert cpu_layout.layout(2, range(8), pairs(8))[1:3] == ([0, 2], [7])  # a core each
    assert cpu_layout.layout(2, range(8), pairs(8)).harness == [5]  # 6 shares the generator's core
    three = {0: [0], 1: [1, 2], 2: [1, 2]}
    assert cpu_layout.layout(2, range(3), three)[1:3] == ([1, 2], [0])  # the generator gives way
    assert cpu_layout.layout(1, range(3), {0: [0, 1], 1: [0, 1], 2: [2]}).harness == [2]  # better than beside the stack
    assert len(cpu_layout.layout(1, range(2), pairs(2)).notes) == 1


def test_hyperthreads_are_read_from_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "SYSTEM_CPUS", tmp_path)
    for cpu, listed in {0: "0,2\n", 1: "1,3\n", 2: "0,2\n", 3: "1,3\n"}.items():
        folder = tmp_path / f"cpu{cpu}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(listed)
    assert topology.thread_siblings([0, 3, 7]) == {0: [0, 2], 3: [1, 3], 7: [7]}
    assert topology.with_siblings([0, 3]) == [0, 1, 2, 3]
    assert cpu_layout.layout(2, range(4)).stack == [0, 2]


def test_lists_of_cpus_are_read() -> None:
    assert topology.cpu_list("0-2,5\n") == [0, 1, 2, 5]
    assert topology.cpu_list("") == []


def test_the_machine_is_described() -> None:
    assert host.cpu_model()
    assert host.memory_bytes() > 2**26
    assert host.hypervisor() != ""
