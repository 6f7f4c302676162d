"""What strangers can make the log hold: nothing that a terminal obeys, and not much."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from userdb import logs

Emit = Callable[..., None]


class Lines(logging.Handler):
    """Keeps what is written."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def plain(request: pytest.FixtureRequest) -> Iterator[tuple[logging.Logger, list[str]]]:
    """A server's logger, as it writes."""
    logs.bound()
    handler, logger = Lines(logging.Formatter("%(levelname)s %(message)s")), logging.getLogger("gunicorn.error")
    logger.addHandler(handler)
    yield logger, handler.lines
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain – é 日本", "plain – é 日本"),
        ("\x1b[31m", "\\u001b[31m"),
        ("a\r\nb", "a\\u000d\\u000ab"),
        ("\x7f\x9b\u202e\u2028", "\\u007f\\u009b\\u202e\\u2028"),
        ("\udc80\U000e0001", "\\udc80\\udb40\\udc01"),
    ],
)
def test_what_is_no_visible_character_is_an_escape(text: str, written: str) -> None:
    assert logs.printable(text) == written
    assert logs.printable(text).isprintable()


def test_a_line_of_ours_is_json_and_printable(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        raise ValueError("a \x1b[31m\u202e fault")
    except ValueError:
        error = sys.exc_info()
    record = logging.LogRecord("x_app", logging.ERROR, "x.py", 1, "%s", ("\x1b\x9b\udc80",), error)
    record.request_id = "\x9b"
    for _ in range(2):
        text = logs.Formatter().format(record)
        line = json.loads(text)
        assert text.isprintable()
        assert (line["message"], line["request_id"]) == ("\\u001b\\u009b\\udc80", "\\u009b")
        assert line["exception"].endswith("ValueError: a \\u001b[31m\\u202e fault")
        logs.Repeats().filter(record)


def test_a_server_that_repeats_itself_is_counted(
    plain: tuple[logging.Logger, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, lines = plain
    monkeypatch.setattr(logs, "WINDOW", 600.0)  # this takes longer than a minute where others compute, too
    for number in range(2_000):
        logger.warning("Invalid request received: %s", f"\x1b{number}" + "x" * 9_000)
    assert len(lines) == logs.FIRST + 7  # and at 16, 32, … 1024
    assert lines[-1].endswith(" (1024 of this kind within a minute)")
    assert sum(map(len, lines)) < 17 * (logs.LONGEST + 100)
    assert all(line.isprintable() for line in lines)
    logger.warning("of another kind\n")
    assert lines[-1] == "WARNING of another kind"


def test_the_next_minute_begins_anew_and_says_how_many_there_were(
    plain: tuple[logging.Logger, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, lines = plain
    now = [1000.0]
    monkeypatch.setattr(logging.time, "time", lambda: now[0])  # type: ignore[attr-defined]  # what logging asks
    monkeypatch.setattr(logging.time, "time_ns", lambda: int(now[0] * 1e9))  # type: ignore[attr-defined]  # since 3.13
    for _ in range(30):
        logger.error("once more")
    now[0] += logs.WINDOW
    logger.error("once more")
    logger.error("once more")
    assert lines[-2:] == ["ERROR once more (30 of this kind in a minute before)", "ERROR once more"]


def test_faults_of_different_places_are_of_different_kinds(plain: tuple[logging.Logger, list[str]]) -> None:
    logger, lines = plain
    for number in range(200):
        try:
            _ = {0: 0}[1] if number % 2 else [0][1]
        except LookupError:
            logger.exception("a fault of %s", number)
    assert len(lines) == 2 * (logs.FIRST + 3)  # and at 16, 32, 64


def test_kinds_are_not_remembered_without_bound() -> None:
    repeats = logs.Repeats()
    for number in range(3 * logs.MOST_KINDS):
        repeats.filter(logging.LogRecord("x", logging.ERROR, "x.py", 1, f"{number} made up", None, None))
    assert len(repeats.seen) <= logs.MOST_KINDS + 1


def test_access_logs_are_printable() -> None:
    logs.bound()
    handler = Lines(logging.Formatter("%(message)s"))
    for name, message, values in (
        ("gunicorn.access", '%(h)s "%(r)s"', ({"h": "::1", "r": "GET /\x1b[31m"},)),
        ("uvicorn.access", '%s "%s %s"', ("::1", "GET", "/\x1b[31m")),
    ):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.info(message, *values)
        logger.removeHandler(handler)
        assert handler.lines.pop().endswith('/\\u001b[31m"')
