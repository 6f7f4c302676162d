"""Configuration: in what the stacks of a run differ besides their framework, from commands and settings as recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tandem.records.setup import Run, Stack

SAME = {
    "--timeout-keep-alive": "--keep-alive",
    "--limit-max-requests": "--max-requests",
    "--timeout-graceful-shutdown": "--graceful-timeout",
    "--http-parser": "--http",
    "-k": "--worker-class",
    "-w": "--workers",
    "-b": "--bind",
    "-t": "--timeout",
}
"""Options that mean the same to another server (gunicorn's and uvicorn's), and short forms."""

SERVES = "serves"
"""What stands in a command without an option: the app."""

FRAMEWORK = ("app", "server", SERVES, "--factory")
"""What two frameworks differ in anyway."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One setting in which stacks of the run differ."""

    what: str  # an option, an environment variable, or a part of the budget
    values: dict[str, str | None]  # by stack; None: not given


def differences(run: Run) -> list[Difference]:
    """Return every setting that is not the same for all stacks; a decoy is its baseline once more and stays out."""
    found = {stack.name: settings(stack) for stack in run.stacks if stack.decoy_of is None}
    names = list(dict.fromkeys(name for given in found.values() for name in given))
    rows = [Difference(what=name, values={stack: given.get(name) for stack, given in found.items()}) for name in names]
    return [row for row in rows if len(set(row.values.values())) > 1]


def settings(stack: Stack) -> dict[str, str]:
    """Return all that is known of how a stack was configured: framework, budget, options, environment, in this order."""
    options: dict[str, list[str]] = {}
    for command in stack.commands:
        for name, value in _options(command).items():
            options.setdefault(name, []).append(value)
    return {
        "app": stack.app,
        "server": " | ".join(dict.fromkeys(_program(command) for command in stack.commands)),
        "servers": f"{len(stack.commands)}",
        **_budget(stack),
        **{name: " | ".join(dict.fromkeys(values)) for name, values in options.items()},
        **{f"{name}=": value for name, value in sorted(stack.environment.items())},
    }


def _budget(stack: Stack) -> dict[str, str]:
    given: Mapping[str, int | None] = msgspec.structs.asdict(stack.budget)
    return {
        name.replace("_", " "): "as many as connections" if value is None else f"{value:,}"
        for name, value in given.items()
    }


def _program(command: Sequence[str]) -> str:
    """Return the module or program that a command starts."""
    return command[command.index("-m") + 1] if "-m" in command[:-1] else command[0] if command else ""


def _options(command: Sequence[str]) -> dict[str, str]:
    """Return the options of a command and its positional words; host and port are one address, as with --bind."""
    found = dict(_pairs(command))
    if "--host" in found or "--port" in found:
        found["--bind"] = f"{found.pop('--host', '')}:{found.pop('--port', '')}"
    return {SAME.get(name, name): value for name, value in found.items()}


def _pairs(command: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield options with their values; one that stands alone is "given"."""
    words = list(command[command.index("-m") + 2 :] if "-m" in command[:-1] else command[1:])
    while words:
        name, sign, value = words.pop(0).partition("=")
        if not name.startswith("-"):
            yield SERVES, f"{name}{sign}{value}"
            continue
        if not sign:
            alone = not words or (words[0].startswith("-") and words[0] != "-")  # "-" is a value: standard output
            value = "given" if alone else words.pop(0)
        yield name, value
