"""How long a run still takes, as it is told."""

from __future__ import annotations

import re
import time

import pytest

from tandem.experiments.progress import Progress


def left(said: str) -> int:
    found = re.search(r"(?:(\d+) min )?(\d+) s left", said)
    assert found is not None
    return 60 * int(found[1] or 0) + int(found[2])


def test_a_first_block_that_takes_twice_as_long_does_not_double_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress(steps=42, expected=6.0)
    clock[0] += 12
    assert left(progress.step()) < 1.2 * 41 * 6
    for _ in range(40):  # what it is really like counts more and more
        clock[0] += 12
        said = progress.step()
    assert left(said) == pytest.approx(12, abs=1.5)


def test_after_a_whole_round_its_own_time_counts_and_the_table_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress(steps=56, expected=6.0)
    for _ in range(8):
        clock[0] += 9
        progress.step()
    progress.learn()
    assert progress.rest() == "7 min 12 s"
    clock[0] += 9
    assert left(progress.step()) == 47 * 9
