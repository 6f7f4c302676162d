"""The changes that were made on the path of a request, and ideas that were dropped, each as the text that takes it out or in.

`path.py --steps` measures what each brings: the apps as they are take turns with copies in which one of them is undone, or tried.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from tandem.paths import PROJECT

APPS = ("asgi_app", "wsgi_app")


class Step(NamedTuple):
    """A change by which one copy of the apps differs from the apps as they are."""

    name: str
    apps: tuple[str, ...]
    file: str  # below the project
    text: str  # that is there once
    other: str  # what stands there in the copy
    was_made: bool  # then the copy is without it; else it is an idea, and the copy has it
    more: tuple[str, ...] = ()  # arguments of one_read.py for the copy


STEPS = (
    Step(
        "routes", APPS[:1], "asgi_app/routing.py",
        "    app.router.routes += [exact, *(each for each in routes if \"{\" in each.path)]\n",
        "    app.router.routes += sorted(routes, key=lambda each: \"{\" in each.path)\n", was_made=True,
    ),
    Step(
        "one handler of exceptions", APPS[:1], "asgi_app/routing.py",
        "    return Pattern(path, Endpoint(views, allow), methods=METHODS)\n",
        "\n    async def dispatch(request: Request) -> Endpoint:\n        return Endpoint(views, allow)\n\n"
        "    return Pattern(path, dispatch, methods=METHODS)\n", was_made=True,
    ),
    Step("values of the path", APPS[:1], "asgi_app/routing.py", "return Pattern(", "return Route(", was_made=True),
    Step("one transaction for reads", APPS[:1], "userdb/groups.py", "if len(calls) > 1:  #", "if False:  #", was_made=True),
    Step(
        "headers", APPS[:1], "asgi_app/http.py",
        '    wanted = name.lower().encode()\n    values = [value for each, value in request.scope["headers"] if each == wanted]\n'
        '    return b",".join(values).decode("latin-1") if values else None\n',
        '    return ",".join(request.headers.getlist(name)) or request.headers.get(name)\n', was_made=True,
    ),
    Step(
        "services", APPS[:1], "asgi_app/http.py",
        'request.scope["state"]["services"]', "request.state.services", was_made=True,
    ),
    Step("the client's address", APPS[:1], "asgi_app/http.py", "", "", was_made=True, more=("--proxy-headers",)),
    Step(
        "no look for coroutines", APPS[1:], "wsgi_app/http.py",
        "    app.ensure_sync = lambda function: function", "    pass", was_made=True,
    ),
    Step("the request", APPS[1:], "wsgi_app/routing.py", "request._get_current_object()", "request", was_made=True),
    Step(
        "status lines", APPS[1:], "wsgi_app/answers.py",
        "Reply(answer.body, STATUS[answer.status], answer.headers)",
        'Reply(answer.body, f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)', was_made=True,
    ),
    Step(
        "memory", APPS, "userdb/memory.py",
        "    gc.freeze()\n    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])\n", "    return\n", was_made=True,
    ),
    Step("metrics", APPS, "userdb/metrics.py", "    row = _row(", "    row = _row.__wrapped__(", was_made=True),
    Step(
        "one row of counts", APPS, "userdb/metrics.py",
        "    row.add(bisect_left(BOUNDS, seconds), seconds)\n",
        "    for sort, amount in ((0, 0.0), (1, seconds), (bisect_left(BOUNDS, seconds), 0.0)):\n        row.add(sort, amount)\n",
        was_made=True,
    ),
    Step(
        "metrics without a write for each request", APPS, "userdb/counts.py",
        "self._counts.put(NUMBERS.pack(*self.numbers), self._position)", "pass", was_made=False,
    ),
    Step(
        "headers kept by their text", APPS[:1], "asgi_app/answers.py",
        "[(name.encode(), value.encode()) for name, value in answer.headers]",
        "[KEPT.get(each) or KEPT.setdefault(each, (each[0].encode(), each[1].encode())) for each in answer.headers]",
        was_made=False,
    ),
)  # fmt: skip


def copy(step: Step, folder: Path) -> Path:
    """Write the apps but for this step into a folder. Raises ValueError where its text is not there once."""
    for name in ("asgi_app", "wsgi_app", "userdb", "stalls"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    if step.text:
        file = folder / step.file
        file.write_text(replaced(step, file.read_text()))
    return folder


def replaced(step: Step, text: str) -> str:
    """The text of its file but for this step. Raises ValueError where that is not there once."""
    if text.count(step.text) != 1:
        raise ValueError(f"{step.file} has the text of the step {step.name!r} {text.count(step.text)} times")
    found = text.replace(step.text, step.other)
    return found.replace("\nclass Reply", "\nKEPT = {}\n\n\nclass Reply", 1) if "KEPT" in step.other else found
