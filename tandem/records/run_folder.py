"""The folder of a run: `results/<UTC time>/`, and `results/latest` that always points at the last one."""

from __future__ import annotations

import importlib.util
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tandem.errors import TandemError

ROOM = 200 * 1024**2
"""Free bytes asked for at the start: a standard run with its samples needs less than 50 MB."""

REPORT_LIBRARIES = ("altair", "vl_convert", "jinja2")


def new_folder(out: Path) -> Path:
    """Create the folder of a run that starts now.

    Raises TandemError where it can't be written or the disk is as good as full.
    """
    base = out / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    folder, number = base, 1
    try:
        out.mkdir(parents=True, exist_ok=True)
        while folder.exists():
            number += 1
            folder = base.with_name(f"{base.name}-{number}")
        folder.mkdir()
        (folder / "samples").mkdir()
    except OSError as error:
        raise TandemError(
            f"the results folder {out} can't be written ({error.strerror}): choose another with --out DIR"
        ) from error
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise TandemError(
            f"only {free // 1024**2} MB are free in {out}, a run needs {ROOM // 1024**2}: make room or choose --out DIR"
        )
    return folder


def point_latest(folder: Path) -> None:
    """Have `latest` beside the folder point at it, replacing the old one at once."""
    temporary = folder.parent / f".latest-{os.getpid()}"
    with suppress(OSError):  # a file system without symbolic links: the folder itself is there
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(folder.name, target_is_directory=True)
        temporary.replace(folder.parent / "latest")


def check_report_libraries() -> None:
    """Raise TandemError where the report couldn't be rendered at the end."""
    for name in REPORT_LIBRARIES:
        if importlib.util.find_spec(name) is None:
            raise TandemError(
                f"the library {name} is missing, the report needs it: run `make setup`, then use .venv/bin/tandem"
            )
