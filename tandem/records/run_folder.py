"""The folder of a run: `results/<UTC time>/`, and `results/latest` that always points at the last one."""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from tandem.errors import RunFailed, TandemError, nearly_full, sentence
from tandem.records import capacity
from tandem.records.journal import RECORDS, first

ROOM = 200 * 1024**2
"""Free bytes asked for at the start: a standard run with its samples needs less than 50 MB."""

REPORT_LIBRARIES = ("altair", "vl_convert", "jinja2")


@contextmanager
def new(out: Path) -> Iterator[Path]:
    """Create the folder of a run that starts now; at the end it is removed if it holds no records.

    Raises TandemError where it can't be written or the disk is as good as full.
    """
    folder = _create(out)
    try:
        free = shutil.disk_usage(folder).free
        if free < ROOM:
            raise TandemError(
                f"only {free // 1024**2} MB are free in {out}, a run needs {ROOM // 1024**2}: make room or choose --out DIR"
            )
        yield folder
    finally:
        if not kept(folder):
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # earlier runs are in it
                out.rmdir()


def _create(out: Path) -> Path:
    base = out / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    folder, number = base, 1
    try:
        out.mkdir(parents=True, exist_ok=True)
        while folder.exists():
            number += 1
            folder = base.with_name(f"{base.name}-{number}")
        (folder / "samples").mkdir(parents=True)
    except OSError as error:
        raise TandemError(
            f"the results folder {out} can't be written ({sentence(error)}): choose another with --out DIR"
        ) from error
    return folder


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Raise RunFailed, with what can be done with what was measured, for an error of the operating system in the block.

    What breaks while the disk is full – a stack that can't write its database, a generator without samples – breaks for that.
    """
    try:
        yield
    except OSError as error:
        raise RunFailed(f"{sentence(error)}{_kept(folder)}") from error
    except RunFailed as error:
        if full := nearly_full(folder):
            raise RunFailed(f"{full}{_kept(folder)}\nWhat it broke: {error}") from error
        raise


def kept(folder: Path) -> bool:
    """Tell whether there is anything to report."""
    return any((folder / name).exists() for name in (RECORDS, capacity.CAPACITY_FILE))


def _kept(folder: Path) -> str:
    if not kept(folder):
        return ""
    command = _command(folder / RECORDS) if (folder / RECORDS).exists() else "capacity"
    return (
        f"; what was measured so far is in {folder}: make a report with `tandem report {folder}`, "
        f"or resume with `tandem {command} --resume {folder}`"
    )


def _command(records: Path) -> str:
    """Return the command that measures what these records are of."""
    with suppress(OSError, ValueError):  # a full disk may have cut it off
        return "lab" if first(records).laboratory else "compare"
    return "compare"


def point_latest(folder: Path) -> None:
    """Have `latest` beside the folder point at it, replacing the old one at once."""
    temporary = folder.parent / f".latest-{os.getpid()}"
    with suppress(OSError):  # a file system without symbolic links: the folder itself is there
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(folder.name, target_is_directory=True)
        temporary.replace(folder.parent / "latest")


def own_folder(folder: Path, name: str) -> Path:
    """Return a folder in that of a run, made where it is missing. Raises OSError where it is a link: it could lead anywhere."""
    found = folder / name
    if found.is_symlink():
        raise OSError(errno.ELOOP, "a link, and not a folder of this run", str(found))
    found.mkdir(exist_ok=True)
    return found


def check_report_libraries() -> None:
    """Raise TandemError where the report couldn't be rendered at the end."""
    for name in REPORT_LIBRARIES:
        if importlib.util.find_spec(name) is None:
            raise TandemError(
                f"the library {name} is missing, the report needs it: run `make setup`, then use .venv/bin/tandem"
            )
