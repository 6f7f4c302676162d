"""Databases: how that of an app is made and restored, a part of its row."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from tandem.errors import TandemError

HERE = ("127.0.0.1", "localhost", "::1")
"""The names of this machine."""


class Database(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the database of an app is made and restored; what each field means stands at the top of `apps.toml`."""

    title: str = "SQLite"
    server: Literal["", "postgresql"] = ""
    existing: str = ""
    url: str = ""
    suffixes: list[str] = []
    seed: list[str]
    snapshot: list[str] = []
    restore: list[str] = []
    migrate: list[str] = []
    version: list[str] = []
    durability: str
    sources: list[str] = []

    def at(self, url: str) -> Database:
        """Return it on the server at a URL, which runs already. Raises TandemError for one that can't be measured."""
        parts = urlsplit(url)
        if parts.password is not None:
            raise TandemError(
                "leave the password out of --database, as a run's record keeps its command: PGPASSWORD or ~/.pgpass has it"
            )
        if parts.hostname not in HERE or not parts.path.strip("/"):
            raise TandemError(
                "--database takes the URL of a server on this machine, whose CPU can be counted, and of an empty database on "
                "it: postgresql://USER@127.0.0.1:5432/NAME"
            )
        return msgspec.structs.replace(self, existing=url, title=f"{self.title} (one server, that ran already)")

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
