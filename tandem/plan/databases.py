"""Databases: how that of an app is made and restored, a part of its row."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec


class Database(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the database of an app is made and restored; what each field means stands at the top of `apps.toml`."""

    title: str = "SQLite"
    server: Literal["", "postgresql"] = ""
    url: str = ""
    suffixes: list[str] = []
    seed: list[str]
    snapshot: list[str] = []
    restore: list[str] = []
    migrate: list[str] = []
    version: list[str] = []
    durability: str
    sources: list[str] = []

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Yield all commands by the name of their field."""
        for name in ("seed", "snapshot", "restore", "migrate", "version"):
            yield name, getattr(self, name)

    def files(self, file: Path) -> list[Path]:
        """Return all files of a database."""
        return [Path(f"{file}{suffix}") for suffix in ("", *self.suffixes)]

    def maker(self) -> str:
        """Return a digest of the code that makes databases: a seed that other code made may lack something."""
        digest = hashlib.sha256()
        for pattern in self.sources:
            for file in sorted(glob.glob(pattern, recursive=True)):
                digest.update(Path(file).read_bytes())
        return digest.hexdigest()[:8]
