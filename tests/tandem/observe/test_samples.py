"""Raw samples: what is read, and what a window of them says."""

from __future__ import annotations

import gzip
import math
import random
from array import array
from pathlib import Path

import pytest

from openloop import format
from openloop.format import Samples
from tandem.errors import RunFailed
from tandem.observe import samples
from tests.support import raw_file
from tests.support.arrivals import arrival, dropped, failed, table, unfinished

COLUMNS = ",".join(format.COLUMNS)

ROW = "7,1790000000.500000,0.100,4.900,5.000,3,GET /x,200,ok,1a2b3c4d,"


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    found = table(arrival(1, 1.5), failed(2, 2.0, reason='said "no", twice'), unfinished(3, 3.0), dropped(4, 3.5))
    raw_file.write(tmp_path / "deep" / "s.csv.gz", found)
    assert samples.read(tmp_path / "deep" / "s.csv.gz") == found
    times = {"GET /x": array("d", [10.0, math.inf, math.inf, math.inf])}
    assert samples.by_route(tmp_path / "deep" / "s.csv.gz") == times


def test_response_times_stand_by_route_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [arrival(1, 1.0), arrival(2, 2.0, route="POST /y", response_ms=7.0), arrival(3, 3.0, response_ms=5.0)]
    raw_file.write(tmp_path / "s.csv.gz", table(*rows))
    assert samples.by_route(tmp_path / "s.csv.gz") == {"GET /x": array("d", [10, 5]), "POST /y": array("d", [7])}


def test_response_times_of_a_window_are_those_that_were_due_in_it(tmp_path: Path) -> None:
    rows = [arrival(1, 1.0), arrival(2, 2.0, response_ms=7.0), arrival(3, 3.0, response_ms=5.0)]
    raw_file.write(tmp_path / "s.csv.gz", table(*rows))
    assert samples.by_route(tmp_path / "s.csv.gz", [(2.0, 3.0)]) == {"GET /x": array("d", [7])}


def test_the_form_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.csv.gz"
    path.write_bytes(gzip.compress(f'{COLUMNS}\n{ROW}"a, ""b"""\n'.encode()))
    found = samples.read(path)
    assert (found.arrival[0], found.due[0], found.in_flight[0]) == (7, 1790000000.5, 3)
    assert (found.start_delay_ms[0], found.service_ms[0], found.response_ms[0]) == (0.1, 4.9, 5.0)
    assert (found.route, found.outcome, found.asked, found.reason) == (["GET /x"], ["ok"], ["1a2b3c4d"], ['a, "b"'])
    raw_file.write(tmp_path / "again.csv.gz", found)
    assert gzip.decompress((tmp_path / "again.csv.gz").read_bytes()) == f'{COLUMNS}\n{ROW}"a, ""b"""\n'.encode()


def test_commas_quotes_and_line_breaks_shift_no_column(tmp_path: Path) -> None:
    found = table(arrival(1, 1.0, route='GET /x,y/"z"'), arrival(2, 2.0, route="GET /a\nb", reason='one, "two"\nthree'))
    raw_file.write(tmp_path / "s.csv.gz", found)
    assert samples.read(tmp_path / "s.csv.gz") == found
    assert set(samples.by_route(tmp_path / "s.csv.gz")) == {'GET /x,y/"z"', "GET /a\nb"}


def test_a_file_of_many_chunks(tmp_path: Path) -> None:
    found = table(*(arrival(number, float(number), response_ms=number / 8) for number in range(3 * format.CHUNK // 64)))
    raw_file.write(tmp_path / "s.csv.gz", found)
    assert samples.read(tmp_path / "s.csv.gz") == found
    assert samples.by_route(tmp_path / "s.csv.gz") == {"GET /x": found.response_ms}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"a,b\n1,2\n"),
        gzip.compress(b"\xff\xfe\n"),
        gzip.compress((COLUMNS + "\n").encode() + b"x" * 9000)[:-20],
        gzip.compress(f"{COLUMNS}\n{ROW}".encode()),  # no line break at the end
        gzip.compress(f"{COLUMNS}\n1,2\n".encode()),
        gzip.compress(COLUMNS.encode() + b"\n")[:40] + b"\xff" * 40,  # spoiled in the middle
        gzip.compress(f"{COLUMNS}\n{ROW.replace('5.000', 'fast')}\n".encode()),
        gzip.compress(f"{COLUMNS}\n{ROW.replace('5.000', 'nan')}\n".encode()),
    ],
    ids=range(10),  # not by what gzip makes, for that holds the time
)
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "s.csv.gz"
    file.write_bytes(content)
    with pytest.raises(RunFailed, match=r"s\.csv\.gz can't be read"):
        samples.by_route(file)
    with pytest.raises(RunFailed, match=r"s\.csv\.gz can't be read"):
        samples.read(file)


def test_an_unknown_outcome_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.csv.gz"
    file.write_bytes(gzip.compress(f"{COLUMNS}\n{ROW.replace(',ok,', ',fine,')}\n".encode()))
    with pytest.raises(RunFailed, match="unknown outcome 'fine'"):
        samples.read(file)


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="can't be read"):
        samples.read(tmp_path / "none")


def test_the_window_holds_what_was_due_in_it() -> None:
    """Its end is excluded, and an answer after the end belongs to its arrival all the same."""
    rows = [arrival(0, 9.9), arrival(1, 10.0), arrival(2, 11.9, response_ms=5000.0), arrival(3, 12.0)]
    assert samples.within(table(*rows), 10, 12) == table(*rows[1:3])


def test_figures_of_a_window() -> None:
    rows = [arrival(ms, 10 + ms / 100, response_ms=float(ms), start_delay_ms=ms / 100) for ms in range(1, 101)]
    found = samples.figures(table(arrival(0, 5.0, response_ms=900.0), *rows), (10.0, 14.0))
    assert (found.arrivals, found.requests, found.failures, found.unfinished, found.dropped) == (100, 100, 0, 0, 0)
    assert found.rate == 25.0
    assert (found.p50_ms, found.p99_ms) == (50.0, 99.0)
    assert (found.dispatch_lag_p50_ms, found.dispatch_lag_p99_ms) == (0.5, 0.99)


def test_what_failed_was_dropped_or_is_unfinished_counts_as_not_reached() -> None:
    rows = [
        *(arrival(n, 0.0) for n in range(50)),
        *(failed(n, 0.0) for n in range(50, 70)),
        *(unfinished(n, 0.0) for n in range(70, 85)),
        *(dropped(n, 0.0) for n in range(85, 100)),
    ]
    found = samples.figures(table(*rows), (0.0, 1.0))
    assert (found.arrivals, found.requests, found.failures, found.unfinished, found.dropped) == (100, 70, 20, 15, 15)
    assert (found.rate, found.p50_ms, found.p99_ms) == (50.0, 10.0, None)
    assert found.dispatch_lag_p50_ms == 1.0  # of those that were sent
    assert found.failure_examples == ["GET /x: 502 bad gateway"]
    rare = failed(0, 0.0, status=504)
    assert samples.figures(table(rare, *rows), (0.0, 1.0)).failure_examples == [
        "GET /x: 502 bad gateway",
        "GET /x: 504 bad gateway",
    ]


def test_a_server_that_refuses_fast_is_not_fast() -> None:
    found = samples.figures(table(*(failed(n, 0.0, response_ms=0.1) for n in range(100))), (0.0, 1.0))
    assert found.p50_ms is None
    assert found.rate == 0


def test_a_window_in_which_nothing_was_sent() -> None:
    found = samples.figures(table(dropped(1, 0.5)), (0.0, 1.0))
    assert (found.arrivals, found.requests, found.dropped, found.p50_ms) == (1, 0, 1, None)
    assert found.dispatch_lag_p99_ms == 0.0
    assert samples.figures(Samples.empty(), (0.0, 1.0)).arrivals == 0


def test_the_backlog_is_what_the_window_added_to_the_requests_in_flight() -> None:
    rows = [
        arrival(0, 9.5, response_ms=1000.0),  # in flight at the beginning, warm-up or not
        arrival(1, 10.2),
        arrival(2, 11.9, response_ms=500.0),  # in flight at the end
        unfinished(3, 11.5),
        unfinished(4, 11.99995),  # due in the window, sent after it
        dropped(5, 11.6),
    ]
    found = samples.figures(table(*rows), (10.0, 12.0))
    assert found.backlog == 2 - 1
    assert found.in_flight == [1, 1, 0, 0, 0, 0, 0, 1, 2]


def test_lost_and_doubled_arrivals_are_counted() -> None:
    def count(*numbers: int) -> int:
        rows = [arrival(number, number / 10) for number in numbers]
        return samples.lost_or_duplicated(table(*rows), (1.0, 2.0))

    assert count(*range(30)) == 0
    assert count(*(n for n in range(30) if n not in (12, 15))) == 2
    assert count(*range(30), 15, 15, 16) == 2
    assert count(*(n for n in range(30) if n not in (5, 25))) == 0  # not in the window
    assert count(1) == 0


def test_workers_that_drift_apart_lose_nothing() -> None:
    """Worker k of 2 numbers its arrivals 2j + k and has its own times."""
    rows = [arrival(2 * j, j / 10) for j in range(40)] + [arrival(2 * j + 1, j / 9) for j in range(40)]
    assert samples.lost_or_duplicated(table(*rows), (1.0, 2.0)) == 0


def test_arrivals_that_asked_otherwise_are_counted() -> None:
    first = table(arrival(1, 0.0), arrival(2, 0.0), arrival(3, 0.0), arrival(4, 0.0, asked=format.INCOMPARABLE))
    other = table(arrival(2, 0.0), arrival(3, 0.0, asked="ffffffff"), arrival(4, 0.0, asked="ffffffff"),
                  arrival(5, 0.0))  # fmt: skip
    assert samples.mismatched_requests(first, other) == samples.mismatched_requests(other, first) == 1
    assert samples.mismatched_requests(first, first) == 0


def test_the_most_requests_in_flight_against_brute_force() -> None:
    random_ = random.Random(4)
    rows = [arrival(n, random_.uniform(0, 4), response_ms=random_.uniform(1, 900)) for n in range(60)] + [
        dropped(99, 1.5)
    ]
    found = table(*rows)
    moments = [1.0 + step / 4000 for step in range(4000)]
    spans = [(row["due"] + 0.001, row["due"] + row["response_ms"] / 1000) for row in rows[:-1]]
    brute = max(sum(sent <= moment < end for sent, end in spans) for moment in moments)
    assert samples.most_in_flight(found, (1.0, 2.0)) == brute
    assert samples.most_in_flight(table(unfinished(1, 0.0), unfinished(2, 0.5)), (1.0, 2.0)) == 2
    assert samples.most_in_flight(Samples.empty(), (1.0, 2.0)) == 0


@pytest.mark.parametrize(
    ("arrivals", "expected", "off"),
    [(3600, 3600, 0), (3600 + 360, 3600, 0), (3600 - 361, 3600, 361), (1700, 3600, 1900), (3980, 3600, 380),
     (0, 1, 0), (9, 1, 0), (15, 1, 14), (0, 20, 0), (0, 22, 22)],
)  # fmt: skip
def test_a_window_with_too_few_or_too_many_arrivals_does_not_keep_to_its_schedule(
    arrivals: int, expected: float, off: int
) -> None:
    """Also where few are due, whose number scatters by more than that of many."""
    assert samples.rate_deviation(arrivals, expected) == off
