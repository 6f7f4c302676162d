"""Which CPUs do what."""

from __future__ import annotations

import pytest

from tandem import machine
from tandem.errors import TandemError


def test_stack_and_generator_get_cpus_of_their_own() -> None:
    layout = machine.layout(1, [3, 1])
    assert (layout.allowed, layout.stack, layout.generator, layout.suspect) == ([1, 3], [1], [3], None)
    layout = machine.layout(3, [0, 1, 2, 3, 4])
    assert (layout.stack, layout.generator) == ([0, 1, 2], [4])


def test_one_cpu_is_shared_and_suspect() -> None:
    layout = machine.layout(1, [5])
    assert (layout.stack, layout.generator) == ([5], [5])
    assert layout.suspect is not None
    assert "suspect" in layout.suspect


@pytest.mark.parametrize(("cpus", "allowed"), [(2, [0, 1]), (2, [0]), (9, [0, 1, 2])])
def test_too_few_cpus_are_refused(cpus: int, allowed: list[int]) -> None:
    with pytest.raises(TandemError, match=f"give --cpus {max(1, len(allowed) - 1)}"):
        machine.layout(cpus, allowed)


def test_the_machine_is_described() -> None:
    assert machine.cpu_model()
    assert machine.memory_bytes() > 2**26
    assert machine.hypervisor() != ""
