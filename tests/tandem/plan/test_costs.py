"""What a run is expected to take, held against the journal of the sample run."""

from __future__ import annotations

from statistics import median

import pytest

from tests.selftest import estimate


def test_blocks_of_the_sample_run_took_what_the_table_says() -> None:
    found = list(estimate.taken(estimate.SAMPLE))
    assert len(found) >= 7
    blocks, _ = estimate.expected(estimate.run_of(estimate.SAMPLE))
    assert median(row.blocks for row in found) == pytest.approx(blocks, rel=0.1)
