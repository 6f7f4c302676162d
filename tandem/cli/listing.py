"""The command `tandem stacks`: all stacks in a table, or all that is known of one."""

from __future__ import annotations

import argparse
import shlex

from tandem.cli.console import say
from tandem.plan import needs, stacks
from tandem.plan.definition import Definition
from tandem.plan.stacks import Stacks


def run(options: argparse.Namespace) -> int:
    """List the stacks and what each may use, or show one."""
    known = stacks.load(options.stacks_file, options.apps_file)
    if options.stack:
        [(name, stack)] = stacks.choose(known, [options.stack]).items()
        _show(name, stack, options.cpus)
    else:
        _list(known, options.cpus)
    return 0


def _list(known: Stacks, cpus_of_each: int) -> None:
    """Print a table of all, and the note of each."""
    head = ["stack", "app", "processes", "threads", "slots", "database", "news", "port", "title"]
    rows = [head]
    for name, stack in known.items():
        budget = stack.budget(cpus_of_each)
        slots = "–" if budget.slots is None else budget.slots
        connections = (budget.database_connections, budget.news_connections)
        counts = (budget.processes, budget.threads, slots, *connections, stack.public_port)
        rows.append([name, stack.app, *map(str, counts), stack.title])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    for row in rows:
        say("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)) + f"  {row[-1]}")
    cpus = f"{cpus_of_each} CPU{'s' * (cpus_of_each > 1)}"
    say(f"\nOn {cpus}. Threads are per process; slots, database and news connections over all processes; – means")
    say("that only connections bound them.")
    for note in dict.fromkeys(stack.note for stack in known.values() if stack.note):
        say(f"\n{', '.join(name for name, stack in known.items() if stack.note == note)}:\n  {note}")
    for name, stack in known.items():
        if reason := needs.lacking(stack.needs):
            say(f"\n{name} can't be started here: {reason}")


def _show(name: str, stack: Definition, cpus: int) -> None:
    """Print what one stack is, what it may use, how it is started, and what its server can't keep of the contract."""
    budget = stack.budget(cpus)
    say(f"{name}: {stack.title}")
    if stack.note:
        say(f"  {stack.note}")
    slots = "none: only connections bound them" if budget.slots is None else budget.slots
    say(f"processes {budget.processes}, threads of each {budget.threads}, slots {slots}")
    say(f"connections to the database {budget.database_connections}, to the news service {budget.news_connections}")
    if stack.groups:
        say(f"groups: {', '.join(stack.groups)}")
    if reason := needs.lacking(stack.needs):
        say(f"can't be started here: {reason}")
    given = [f"{variable}={shlex.quote(value)}" for variable, value in stack.environment.items()]
    say("\n" + " ".join([*given, shlex.join(stack.filled_command(cpus, f"{{{stack.place}}}", "python"))]))
    say(
        "\nwhat its server can't answer as the others do:"
        if stack.exemptions
        else "\nkeeps the contract without exception"
    )
    for each in stack.exemptions:
        where = ", ".join(f"`{beginning}`" if beginning else "all requests" for beginning in each.requests)
        say(f"  {each.case} ({where})\n    {each.reason}")
