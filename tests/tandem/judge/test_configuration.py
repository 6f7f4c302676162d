"""In what stacks differ, read from the commands, environment and budgets that were recorded."""

from __future__ import annotations

from typing import Any

import msgspec

from tandem.judge import configuration
from tandem.judge.summary import summarise
from tandem.plan import stacks
from tandem.records.setup import Stack
from tandem.report import conditions, markdown
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI, synthesise

GUNICORN = ["python", "-m", "gunicorn", "wsgi_app.app:create_app()", "--bind", "127.0.0.1:{port}", "--threads=16",
            "--keep-alive", "75", "--max-requests", "0", "--error-logfile", "-", "--log-level", "info"]  # fmt: skip
UVICORN = ["python", "-m", "uvicorn", "asgi_app.app:app", "--host", "127.0.0.1", "--port", "{port}", "--loop", "uvloop",
           "--timeout-keep-alive", "5", "--no-access-log", "--log-level", "info"]  # fmt: skip


def stack(name: str, command: list[str], **changes: Any) -> Stack:
    return msgspec.structs.replace(synthetic.stack(name), **{"commands": [command], **changes})


def found(*given: Stack) -> dict[str, tuple[str | None, ...]]:
    rows = configuration.differences(synthetic.run(stacks=list(given)))
    return {row.what: tuple(row.values.values()) for row in rows}


def test_only_what_differs_is_told_whatever_a_server_calls_it() -> None:
    first = stack(WSGI, GUNICORN, environment={"READ_CONNECTIONS": "16", "NEWS_TIMEOUT": "5"})
    second = stack(ASGI, UVICORN, environment={"READ_CONNECTIONS": "4", "NEWS_TIMEOUT": "5", "DEBUG": "1"})
    assert found(first, second) == {
        "app": ("wsgi_app", "asgi_app"),
        "server": ("gunicorn", "uvicorn"),
        "serves": ("wsgi_app.app:create_app()", "asgi_app.app:app"),
        "--threads": ("16", None),
        "--keep-alive": ("75", "5"),
        "--max-requests": ("0", None),
        "--error-logfile": ("-", None),
        "--loop": (None, "uvloop"),
        "--no-access-log": (None, "given"),
        "READ_CONNECTIONS=": ("16", "4"),
        "DEBUG=": (None, "1"),
    }


def test_budgets_and_the_number_of_servers_count_and_the_decoy_does_not() -> None:
    slots = synthetic.stack(ASGI, slots=None).budget
    two = stack("two", GUNICORN, commands=[GUNICORN, GUNICORN], budget=slots, app="wsgi_app")
    decoy = stack(DECOY, [*GUNICORN, "--preload"], decoy_of=WSGI)
    assert found(stack(WSGI, GUNICORN), two, decoy) == {
        "servers": ("1", "2"),
        "threads": ("16", "1"),
        "slots": ("16", configuration.settings(two)["slots"]),
    }


def test_the_stacks_of_the_project_differ_in_what_their_table_says() -> None:
    defined = stacks.load()
    given = [
        stack(name, defined[name].filled_command(1, "{port}", "python"), environment=defined[name].environment)
        for name in ("wsgi-gthread", "asgi")
    ]
    rows = found(*given)
    assert rows["NEWS_CONNECTIONS="] == ("16", "100")
    assert "--worker-class" in rows
    assert "--loop" in rows
    assert rows.keys().isdisjoint({"--keep-alive", "--backlog", "--bind", "READ_CONNECTIONS=", "NEWS_TIMEOUT="})


def test_that_nothing_else_differs_is_said() -> None:
    alike = [stack(WSGI, GUNICORN), stack(ASGI, GUNICORN, app="asgi_app"), stack(DECOY, GUNICORN, decoy_of=WSGI)]
    summary = summarise(synthesise(stacks=alike))
    assert [row.what for row in summary.differences] == ["app"]
    assert conditions.nothing_else(summary) in markdown.render(summary, [])
    same = summarise(synthesise(stacks=[msgspec.structs.replace(each, app="wsgi_app") for each in alike]))
    assert same.differences == []
    said = [conditions.nothing_else(each) for each in (summary, same, summarise(synthesise()))]
    assert [bool(each) for each in said] == [True, True, False]
    assert said[0] != said[1]
