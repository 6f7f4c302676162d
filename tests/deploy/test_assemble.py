"""deploy/assemble: what it refuses, and that the servers it starts have the options of the stacks that were measured."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tandem.paths import PROJECT
from tandem.plan import stacks
from tests.deploy.sites import assemble

MEANT = {
    "--bind", "--host", "--port", "--workers", "--threads",  # where, and how many: settings
    "--graceful-timeout", "--timeout-graceful-shutdown",  # time to finish what was begun
    "--max-requests",  # 0 is gunicorn's default
    "--loop",  # lets in all connections that wait, which the documented one does not
    "--proxy-headers", "--no-proxy-headers", "--forwarded-allow-ips",  # the app doesn't look at them, what a team adds may
}  # fmt: skip


def options(words: list[str]) -> dict[str, str]:
    """The options of a command with their values; one without a value has an empty one."""
    found = {}
    for word, value in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--"):
            found[word] = "" if value.startswith("-") and value != "-" else value
    return found


@pytest.mark.parametrize(("app", "stack"), [("wsgi", "wsgi-gthread"), ("asgi", "asgi")])
def test_a_server_has_the_options_of_its_stack(app: str, stack: str) -> None:
    script = (PROJECT / "deploy" / f"serve-{app}").read_text()
    [command] = re.findall(r"^exec (.*?)(?<!\\)$", script, re.MULTILINE | re.DOTALL)
    by_default = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", command)
    served = options(shlex.split(by_default.replace("\\\n", " ")))
    measured = options([*stacks.load([])[stack].command])
    assert {each: value for each, value in served.items() if each not in MEANT} == {
        each: value for each, value in measured.items() if each not in MEANT
    }


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["site"], "say where, and which app"),
        (["site", "cgi"], "cgi is neither wsgi nor asgi"),
        (["site", "wsgi", "80a"], "80a is no port"),
        (["full", "wsgi"], "full is not empty"),
        (["a site", "wsgi"], "letters, digits"),
    ],
)
def test_what_can_t_be_assembled_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("kept")
    done = assemble(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert (tmp_path / "full" / "letter").read_text() == "kept"
