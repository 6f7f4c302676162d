"""What stood: rows of `stalls/` as they come, joined by time, and the line that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stalls.record import Line, Stall
from tandem.live import stood
from tandem.live.stood import CodePlace, Tail
from tests.tandem.live.lanes import lane

SLEEPING = Line(file="app.py", line=2, function="sleep", count=40, inside="sleep")
OTHER = Line(file="app.py", line=3, function="other", count=2, inside="")


def row(number: int = 1, at: float = 100.0, seconds: float = 0.2, **more: Any) -> str:
    """A row as stalls/ writes it."""
    usual: dict[str, Any] = {
        "number": number, "pid": 7, "watched": "loop", "kind": "wait", "at": 1e9, "monotonic": at, "seconds": seconds,
        "over": True, "samples": 42, "lines": (SLEEPING, OTHER), "callbacks": 1, "cpu": 0.0, "process_cpu": 0.0, "gc": 0.0,
        "late": 0.0, "route": None, "request": None, "in_flight": 0, "requests": (), "waiting": None, "stack": (),
        "others": (), "suspect": None,
    }  # fmt: skip
    return Stall(**{**usual, **more}).dump() + "\n"


def tail(folder: Path, *rows: str) -> Tail:
    """What has read a file of these rows."""
    (folder / "loop.jsonl").write_text("".join(rows))
    found = Tail(folder / "loop.jsonl")
    found.look()
    return found


def test_the_line_that_was_seen_most_is_named_and_shown(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def sleep():\n    time.sleep(1)  # noqa: X1  # the mistake\n")
    found = stood.stood(tail(tmp_path, row(1), row(2, at=100.2)).between(100, 100.5), lane(folder=tmp_path))
    assert found is not None
    assert (found.place, found.function, found.code) == ("app.py:2", "sleep", "time.sleep(1)")
    assert (found.count, found.samples, found.stalls, found.seconds) == (80, 84, 2, 0.4)


def test_what_stood_at_another_time_is_not_blamed(tmp_path: Path) -> None:
    found = tail(tmp_path, row(1, at=90.0), row(2, at=110.0))
    assert stood.stood(found.between(100, 101), lane(folder=tmp_path)) is None


def test_a_request_that_waited_says_how_many_but_not_that_something_stood(tmp_path: Path) -> None:
    queue = row(1, at=100.05, watched="slots", kind="queue", lines=())
    assert stood.stood(tail(tmp_path, queue).between(100, 101), lane("t", 16, folder=tmp_path)) is None
    both = tail(tmp_path, queue, row(2, watched="slots", kind="slots")).between(100, 101)
    found = stood.stood(both, lane("t", 16, folder=tmp_path))
    assert found is not None
    assert (found.watched, found.waited, found.place) == ("slots", 1, "app.py:2")


def test_where_nobody_could_look_no_line_is_named(tmp_path: Path) -> None:
    found = stood.stood(tail(tmp_path, row(kind="gc", lines=())).between(100, 101), lane(folder=tmp_path))
    assert found is not None
    assert (found.kind, found.place, found.code) == ("gc", "", "")


def test_many_callbacks_that_add_up_have_no_culprit(tmp_path: Path) -> None:
    found = stood.stood(tail(tmp_path, row(kind="busy")).between(100, 101), lane(folder=tmp_path))
    assert found is not None
    assert (found.kind, found.place) == ("busy", "")


def test_rows_come_in_pieces_and_others_are_passed_over(tmp_path: Path) -> None:
    whole = row(1)
    found = tail(tmp_path, "no JSON\n", '{"type": "counts"}\n', whole[:50])
    assert found.between(0, 1000) == []
    with (tmp_path / "loop.jsonl").open("a") as file:
        file.write(whole[50:] + row(1, seconds=9.0))
    found.look()
    assert [each.seconds for each in found.between(0, 1000)] == [9.0]  # told of again when it was over


def test_a_file_that_is_not_there_yet_says_nothing_and_many_rows_are_bounded(tmp_path: Path) -> None:
    found = Tail(tmp_path / "none.jsonl")
    found.look()
    assert found.between(0, 1000) == []
    assert (
        len(tail(tmp_path, *[row(n, at=100 + n / 10) for n in range(stood.MOST_STALLS + 100)]).between(0, 1000))
        == stood.MOST_STALLS
    )


def test_only_code_below_the_folder_is_shown(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "secret.py").write_text("secret\n")
    (tmp_path / "app" / "keys.txt").write_text("secret\n")
    for name in ("../secret.py", str(tmp_path / "secret.py"), "keys.txt", "none.py"):
        assert stood.code(tmp_path / "app", CodePlace(name, 1, "", "")) == ""
