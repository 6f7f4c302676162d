"""Containerfile and compose file as data: what of them can be held against the project without a container engine."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tandem.paths import PROJECT

CONTAINERFILE = PROJECT / "deploy" / "container" / "Containerfile"
COMPOSE = PROJECT / "deploy" / "container" / "compose.yaml"
KNOWN = {"ARG", "FROM", "COPY", "RUN", "WORKDIR", "USER", "ENV", "EXPOSE", "HEALTHCHECK", "CMD"}


@dataclass
class Stage:
    """An image that the Containerfile makes: its base, and its instructions in their order."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """What an instruction says that counts once."""
        return [said for each, said in self.steps if each == instruction][-1]

    def command(self, instruction: str) -> list[str]:
        """A command in it, in its form as a list."""
        found: list[str] = json.loads(self.last(instruction).partition("CMD ")[2] or self.last(instruction))
        return found

    def copied(self) -> list[tuple[Path, str]]:
        """What comes from the project: each source, and where it goes."""
        found = []
        for instruction, said in self.steps:
            if instruction == "COPY" and not said.startswith("--from="):
                *sources, target = said.split()
                found += [(PROJECT / each, target) for each in sources]
        return found

    def lay_out(self, root: Path) -> None:
        """Copy it below a folder as an engine would."""
        for source, target in self.copied():
            place = root / target.lstrip("/")
            if source.is_dir():
                shutil.copytree(source, place, dirs_exist_ok=True)
            elif target.endswith("/"):
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)


def stages() -> dict[str, Stage]:
    """The images by name. An instruction that is not known is an error."""
    found: dict[str, Stage] = {}
    here = Stage("")
    for line in CONTAINERFILE.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        instruction, _, said = line.partition(" ")
        assert instruction in KNOWN, line
        if instruction == "FROM":
            base, name = said.split(" AS ")
            here = found[name] = Stage(base)
        else:
            here.steps.append((instruction, said))
    return found


def compose() -> dict[str, Any]:
    """The compose file, which keeps to a small part of YAML: mappings by indentation, and lists and scalars on one line."""
    whole: dict[str, Any] = {}
    open_at: list[tuple[int, dict[str, Any]]] = [(-1, whole)]
    for line in COMPOSE.read_text().splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = re.fullmatch(r"( *)([\w.-]+):(?: (.+))?", line)
        assert found, line
        indent, name, said = len(found[1]), found[2], found[3]
        while open_at[-1][0] >= indent:
            open_at.pop()
        assert name not in open_at[-1][1], line
        value: Any = {} if said is None else json.loads(said) if said[0] in '["{' else said
        open_at[-1][1][name] = value
        if said is None:
            open_at.append((indent, value))
    return whole
