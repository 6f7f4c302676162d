"""Apps: read from `apps.toml` and from files of the same format; all that the harness knows of an app under comparison."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tandem.errors import TandemError, sentence
from tandem.plan import tables
from tandem.plan.databases import Database

APPS_FILE = Path(__file__).with_name("apps.toml")

_GIVEN = {"database", "news", "own", "shared"}
STALLS = "stalls.jsonl"
"""Where the servers of a stack write what held them up, in the folder of its own."""

_COMMAND = {"python", "url", "users", "file"}
_DECISIVE = (
    "alive",
    "ready",
    "warm_up",
    "floor",
    "packages",
    "environment",
    "unlimited",
    "lab",
    "stalls",
    "connections",
    "threads",
)
"""Fields of a row that say by themselves what is measured; others name files, or are for people."""

_SOURCES = (".py", ".toml", ".conf")
"""Files of a folder that decide what it does: others may lie there, such as caches."""


class Static(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files that nginx serves by itself."""

    root: str
    file: str


class Pool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Connections, or threads, of one process: as many as the variable of a stack says, else as usual, and some more."""

    variable: str
    plus: int = 0
    usual: int = 0


class Connections(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an app keeps connections to; None where it doesn't."""

    database: Pool | None = None
    news: Pool | None = None


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of an apps file; what each field means stands at the top of `apps.toml`."""

    title: str
    alive: str
    ready: str = ""
    warm_up: list[str]
    static: Static | None = None
    probes: str
    load_test: str
    floor: str | None = None
    nginx: str | None = None
    packages: list[str] = []
    account: str | None = None
    environment: dict[str, str] = {}
    unlimited: dict[str, str] = {}
    lab: dict[str, str] = {}
    stalls: str = ""
    connections: Connections = Connections()
    threads: Pool | None = None
    database: Database | None = None
    databases: dict[str, Database] = {}

    def on(self, kind: str | None) -> App:
        """Return the app on a database of this kind, None for its usual one. Raises TandemError where it has none such."""
        usual = self.database.title.lower() if self.database else ""
        if kind in (None, usual):
            return self
        scheme, is_url, _ = str(kind).partition("://")
        if is_url and scheme in self.databases and self.databases[scheme].server:
            return msgspec.structs.replace(self, database=self.databases[scheme].at(str(kind)))
        if is_url:
            raise TandemError(f"--database takes no URL that begins with {scheme}://, but of a server: postgresql://")
        if kind not in self.databases:
            known = ", ".join([*([usual] if usual else []), *self.databases]) or "none at all"
            raise TandemError(f"the app {self.title!r} has no database {kind!r}: known are {known}")
        return msgspec.structs.replace(self, database=self.databases[kind])

    def services(self) -> list[str]:
        """Return the variables that say where the database and the news service are."""
        return [name for name, value in self.environment.items() if "{database}" in value or "{news}" in value]

    def calls_news(self) -> bool:
        """Tell whether its servers are told where a news service is."""
        return any("{news}" in value for value in self.environment.values())

    def pools(self) -> list[Pool]:
        """Return the connections that a stack must bound."""
        return [pool for pool in (self.connections.database, self.connections.news) if pool]

    def digests(self) -> dict[str, str]:
        """Return a digest of each field that decides what is measured, and of each file behind one, wherever that lies."""
        found = {name: _digest(repr(getattr(self, name))) for name in _DECISIVE}
        if self.database:
            found["database"] = _digest(repr(msgspec.structs.replace(self.database, sources=[])), self.database.maker())
        return found | {name: _digest(_content(file)) for name, file in self._files()}

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Yield the files behind its fields, each with the field's name and its own."""
        yield f"probes {Path(self.probes).name}", Path(self.probes)
        if self.static:
            yield f"static {self.static.file}", Path(self.static.root + self.static.file)
        for name, folder in {"load_test": self.load_test, "nginx": self.nginx}.items():
            for file in sorted(Path(folder).rglob("*")) if folder else ():
                if file.suffix in _SOURCES:
                    yield f"{name} {file.relative_to(folder or '')}", file


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TandemError(f"{file} can't be read: {sentence(error)}") from error


Apps = dict[str, App]


def load(files: Sequence[Path] = ()) -> Apps:
    """Return the built-in apps and those of `files`, by name. Raises TandemError that names file, app and field."""
    found: Apps = {}
    for file in [APPS_FILE, *files]:
        for name, table in tables.read(file, "apps").items():
            if name in found:
                raise TandemError(f"{file}: the app {name!r} exists already: give it another name")
            found[name] = _app(file, name, table)
    return found


def command(parts: Sequence[str], **values: str) -> list[str]:
    """Return a command of an app with its placeholders filled in."""
    return [tables.fill(part, {"python": sys.executable, **values}) for part in parts]


def _app(file: Path, name: str, table: object) -> App:
    """Return one table as an app, its paths made absolute."""
    where = f"{file}: app {name!r}"
    app = tables.convert(table, App, where)
    for field, reason in _objections(app):
        raise TandemError(f"{where}: `{field}` {reason}")
    return _resolved(app, file.resolve().parent)


def _objections(app: App) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an app beyond its types, as field and reason."""
    paths = {"alive": [app.alive], "ready": [app.ready or "/"], "warm_up": app.warm_up}
    paths["static.file"] = [app.static.file] if app.static else []
    for field, given in paths.items():
        if not all(path.startswith("/") for path in given):
            yield field, "must be given as paths that begin with a slash"
    if not app.warm_up:
        yield "warm_up", "must have a path or more"
    for unknown in tables.unknown_placeholders(
        [*app.environment.values(), *app.unlimited.values(), *app.lab.values()], _GIVEN
    ):
        yield "environment", f"has the unknown placeholder {{{unknown}}}: known are {', '.join(sorted(_GIVEN))}"
    everywhere = [*([app.database] if app.database else []), *app.databases.values()]
    for field, parts in (each for database in everywhere for each in database.commands()):
        for unknown in tables.unknown_placeholders(parts, _COMMAND):
            yield (
                f"database.{field}",
                f"has the unknown placeholder {{{unknown}}}: known are {', '.join(sorted(_COMMAND))}",
            )
    for name, database in {"database": app.database, **app.databases}.items():
        if database and not (database.server or (database.url and database.snapshot and database.restore)):
            yield name, "must say which server it has, or `url`, `snapshot` and `restore`"
    if app.database is None and any("{database}" in value for value in app.environment.values()):
        yield "environment", "names {database}, and the app has none"


def _resolved(app: App, folder: Path) -> App:
    """Return an app whose paths are absolute; those in its row are relative to the folder of their file."""

    def absolute(path: str) -> str:
        return str((folder / path).resolve())

    def sourced(database: Database) -> Database:
        return msgspec.structs.replace(database, sources=[absolute(each) for each in database.sources])

    return msgspec.structs.replace(
        app,
        ready=app.ready or app.alive,
        probes=absolute(app.probes),
        load_test=absolute(app.load_test),
        nginx=app.nginx and absolute(app.nginx),
        static=app.static and msgspec.structs.replace(app.static, root=absolute(app.static.root)),
        database=app.database and sourced(app.database),
        databases={name: sourced(database) for name, database in app.databases.items()},
    )
