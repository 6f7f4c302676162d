"""Objections: what is wrong with the definition of a stack beyond its types, each a field and a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tandem.plan import tables
from tandem.plan.definition import Definition

Objection = tuple[str, str]

_PLACEHOLDERS = {"python", "scripts", "port", "socket", "workers", "threads"}
_LEAST = {
    "servers_per_cpu": 1,
    "workers_per_cpu": 0,
    "workers_plus": 0,
    "threads": 1,
    "upstream_keepalive": 0,
    "public_port": 1,
    "slots_per_worker": 1,
}
"""The least value of each field that is a number; the greatest is 65535."""


def objections(definition: Definition) -> Iterator[Objection]:
    """Yield them in the order in which they are worth mending."""
    for each in (_of_numbers, _of_command, _of_parameters, _of_exemptions, _of_environment):
        yield from each(definition)


def _of_numbers(definition: Definition) -> Iterator[Objection]:
    for field, least in _LEAST.items():
        value = getattr(definition, field)
        if value is not None and not least <= value <= 65535:
            yield field, f"must be from {least} to 65535"
    if definition.workers(1) < 1:
        yield "workers_per_cpu", "and `workers_plus` must give at least one worker"
    if definition.servers == "shared" and definition.servers_per_cpu != 1:
        yield "servers_per_cpu", "is for servers that have a CPU each"


def _of_command(definition: Definition) -> Iterator[Objection]:
    unknown = tables.unknown_placeholders(definition.command, _PLACEHOLDERS)
    if unknown:
        yield "command", f"has the unknown placeholder {{{unknown[0]}}}: known are {', '.join(sorted(_PLACEHOLDERS))}"
    place = definition.place
    if not any(f"{{{place}}}" in part for part in definition.command):
        yield "command", f"must say {{{place}}} where the server's {place} belongs"


def _of_parameters(definition: Definition) -> Iterator[Objection]:
    if definition.protocol == "http" and definition.parameters:
        yield "parameters", "are for servers that are handed variables, not for those that are spoken to in HTTP"


def _of_exemptions(definition: Definition) -> Iterator[Objection]:
    for exemption in definition.exemptions:
        try:
            re.compile(exemption.pattern.encode())
        except re.error as error:
            yield "exemptions", f"has {exemption.pattern!r}, which is not a regular expression: {error}"


def _of_environment(definition: Definition) -> Iterator[Objection]:
    for pool in definition.application.pools():
        if tables.whole_number(definition.environment.get(pool.variable, ""), 1, 65535) is None:
            yield (
                "environment",
                f'must give {pool.variable} as a whole number from 1 to 65535, in quotes, such as "16"',
            )
