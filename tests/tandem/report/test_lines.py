"""`tandem stalls`: what is said of the lines of a run, as sentences and as CSV, and what a stranger's files can't do."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tandem.cli import main as cli
from tandem.experiments.evidence import Evidence, Witness
from tandem.records import stalled as records
from tandem.records.block import Block
from tandem.report import lines
from tests.support import blocking, stalled, synthetic
from tests.support.synthetic import ASGI


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Run the command; return its exit status and what was said."""
    status = cli.run(["stalls", *map(str, arguments)])
    found = capsys.readouterr()
    return status, found.out + found.err


def file(run: Path) -> Path:
    """The stalls of asgi."""
    (found,) = (run / "samples").glob(f"*{ASGI}*{records.STALLS}")
    return found


def test_the_line_is_named_with_all_whom_it_hurt(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = said(capsys, run)
    assert status == 0
    found = lines.read(run, *stalled.recorded(run))
    late = {told.block.stack: (told.late, told.explained) for told in found.told if told.block.stack != "decoy"}
    assert late["wsgi-gthread"] == (0, 0)
    assert late[ASGI][0] == late[ASGI][1] > 0
    (place,) = found.places()
    assert (place.place, place.kind, place.inside_call, place.seen, place.samples) == (
        "asgi_app/lab.py:16", "wait", "sleep", 152, 160)  # fmt: skip
    assert (place.stalls, round(place.seconds, 3), place.in_flight) == (8, 1.6, 3)
    assert (place.hurt, place.late) == (456, late[ASGI][0])
    assert text == "".join(f"{sentence}\n" for sentence in lines.sentences(found))


def test_csv_has_every_stall_and_every_request(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text = said(capsys, run, "--csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["at (s)"]) for row in rows] == pytest.approx(stalled.BLOCKERS)
    assert {row["line"] for row in rows} == {"asgi_app/lab.py:16"}
    _, text = said(capsys, run, "--csv", "--requests")
    hurt = list(csv.DictReader(io.StringIO(text)))
    assert sum(row["late"] == "yes" for row in hurt) == sum(int(row["late outside"]) for row in rows)
    (known,) = (row for row in hurt if row["known inside"] == "yes")
    assert (known["request"], known["route"]) == ("a" * 32, "GET /healthz")
    _, text = said(capsys, run, "--requests")
    assert len(text.splitlines()) == len(hurt) + 1


def test_who_waited_for_whom_and_what_is_suspected_is_shown(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = {"lines": [], "samples": 0, "route": "GET /lab/pool-held"}
    rows = [
        stalled.row(3.0, 0.4, watched="connections", kind="pool", waiting=5, **nobody),
        stalled.row(
            4.0, 0.3, kind="native", suspect="userdb/lab.py:7", others=["shop.py:3 (2)", "shop.py:9 (1)"], lines=[]
        ),
    ]
    file(run).write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    text = said(capsys, run)[1]
    pool, native = lines.read(run, *stalled.recorded(run)).places()
    assert (pool.kind, pool.route, pool.waiting, pool.longest) == ("pool", "GET /lab/pool-held", 5, 0.4)
    assert (native.kind, native.place, native.suspect, native.seconds) == ("native", "", "userdb/lab.py:7", 0.3)
    assert all(lines.sentence(place) in text for place in (pool, native))
    shown = list(csv.DictReader(io.StringIO(said(capsys, run, "--csv")[1])))
    assert [(row["waiting at most"], row["suspected line"]) for row in shown] == [("5", ""), ("", "userdb/lab.py:7")]
    assert shown[1]["other threads"] == "shop.py:3 (2); shop.py:9 (1)"


def test_a_record_of_before_without_other_threads_is_read(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = stalled.row(3.0)
    del old["others"]
    file(run).write_text(json.dumps(old) + "\n")
    assert "1 time, 0.20 s" in said(capsys, run)[1]


def test_of_a_stall_that_was_told_of_twice_the_end_counts(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [stalled.row(3.0, 0.1, over=False), stalled.row(3.0, 0.2)]
    file(run).write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    assert "1 time, 0.20 s" in said(capsys, run)[1]


def test_a_run_without_any_says_how_to_get_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    synthetic.write(tmp_path, blocking.records(rounds=1), raw=False)
    status, text = said(capsys, tmp_path)
    assert status == 2
    assert str(tmp_path) in text


def test_what_a_stranger_wrote_is_refused_in_a_sentence(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = stalled.row(3.0, kind="\x1b[2J", request="\u202e")
    file(run).write_text(json.dumps(evil) + "\n")
    assert "\x1b" not in said(capsys, run)[1]
    assert "\u202e" not in said(capsys, run, "--csv")[1]
    file(run).write_text(json.dumps(stalled.row(3.0, seconds=1e300)) + "\n{}\n")
    (problem,) = lines.read(run, *stalled.recorded(run)).problems
    assert problem in said(capsys, run)[1]
    secret = run / "secret"
    secret.write_text(json.dumps(stalled.row(3.0)) + "\n")
    file(run).unlink()
    file_of_asgi = next((run / "samples").glob(f"*{ASGI}*.csv.gz"))
    file_of_asgi.with_name(file_of_asgi.name.removesuffix(".csv.gz") + records.STALLS).symlink_to(secret)
    (other,) = lines.read(run, *stalled.recorded(run)).problems
    assert other in said(capsys, run)[1]
    assert other != problem


def test_evidence_is_what_was_written_since(tmp_path: Path) -> None:
    block = next(each for each in blocking.records(rounds=1) if isinstance(each, Block))
    written, never = tmp_path / "written", tmp_path / "never"
    written.write_text("before\n")
    (tmp_path / "samples").mkdir()
    evidence = Evidence([Witness(written, records.STALLS), Witness(never, records.ACCESS)])
    with written.open("a") as opened:
        opened.write("after\n")
    evidence.keep(tmp_path, block)
    assert records.beside(tmp_path, block, records.STALLS).read_text() == "after\n"
    assert records.beside(tmp_path, block, records.ACCESS).read_text() == ""
