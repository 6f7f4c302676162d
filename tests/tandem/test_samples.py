"""Raw samples."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tandem import samples, statistics
from tandem.errors import RunFailed
from tandem.samples import Sample


def sample(
    start: float = 0.0, response_ms: float = 1.0, outcome: str = "ok", status: int = 200, reason: str = ""
) -> Sample:
    return Sample(start, response_ms, "GET /x", status, outcome, reason)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    rows = [sample(1.5, 2.25), sample(2.0, 9.0, "failed", 500, 'said "no", twice'), sample(3.0, 0.0, "unfinished", 0)]
    samples.write(tmp_path / "deep" / "s.csv.gz", rows)
    assert list(samples.read(tmp_path / "deep" / "s.csv.gz")) == rows


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"a,b\n1,2\n"),
        gzip.compress(b"x" * 9000)[:-20],
        gzip.compress(b"start,response_ms,route,status,outcome,reason\n1,2\n"),
    ],
)
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "s.csv.gz"
    file.write_bytes(content)
    with pytest.raises(RunFailed, match=r"s\.csv\.gz"):
        list(samples.read(file))


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="can't be read"):
        list(samples.read(tmp_path / "none"))


def test_the_window_holds_what_was_sent_in_it() -> None:
    """Its end is excluded, and an answer after the end belongs to its request all the same."""
    rows = [sample(9.9), sample(10.0), sample(11.9, 5000.0), sample(12.0)]
    assert samples.within(rows, 10, 12) == rows[1:3]


def test_figures_of_a_window() -> None:
    found = samples.figures([sample(response_ms=float(ms)) for ms in range(1, 101)], 4)
    assert (found.requests, found.failures, found.unfinished, found.rate) == (100, 0, 0, 25.0)
    assert (found.p50_ms, found.p90_ms, found.p99_ms, found.max_ms) == (50.0, 90.0, 99.0, 100.0)


def test_failed_and_unfinished_requests_count_as_not_reached() -> None:
    rows = (
        [sample()] * 50
        + [sample(outcome="failed", status=502, reason="bad gateway")] * 30
        + [sample(outcome="unfinished", status=0)] * 20
    )
    found = samples.figures(rows, 1)
    assert (found.requests, found.failures, found.unfinished, found.rate) == (80, 30, 20, 50.0)
    assert (found.p50_ms, found.p90_ms, found.max_ms) == (1.0, None, None)
    assert found.failure_examples == ["GET /x: 502 bad gateway"]


def test_a_server_that_refuses_fast_is_not_fast() -> None:
    found = samples.figures([sample(response_ms=0.1, outcome="failed", status=503)] * 100, 1)
    assert found.p50_ms is None
    assert found.rate == 0


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.51, 3.0), (1.0, 4.0), (0.01, 1.0)])
def test_percentiles_are_nearest_rank(share: float, value: float) -> None:
    assert statistics.reached([1.0, 2.0, 3.0, 4.0], share) == value


def test_nothing_has_no_percentile() -> None:
    assert statistics.reached([], 0.5) is None
