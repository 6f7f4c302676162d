"""Report: from the records of a run to the pages that a person reads. Nothing is measured here and nothing concluded."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tandem.errors import TandemError
from tandem.judge import summary
from tandem.judge.summary import Summary
from tandem.records import journal
from tandem.records.journal import Record
from tandem.report import charts, html, markdown, pools


class ReportError(TandemError):
    """The folder can't be reported on; the message says why and what to do."""


def write(folder: Path) -> Summary:
    """Write report.html, report.md, summary.json and img/ beside the records in `folder`; each file is whole or not there.

    A run that was broken off is reported as far as it goes. Raises ReportError where there are no readable records, or where the
    folder can't be written.
    """
    found = _read(folder / "records.jsonl")
    try:
        blocks = summary.counted(found)
        raw = pools.read(folder, blocks)
        summed = summary.summarise(found, pools.percentiles(raw), raw.routes)
    except ValueError as error:
        raise ReportError(f"{folder / 'records.jsonl'}: {error}") from error
    drawn = charts.draw(summed, raw.responses)
    files: dict[str, bytes] = {}
    for chart in drawn:
        files[f"img/{chart.name}.svg"] = chart.svg.encode()
        files[f"img/{chart.name}.png"] = charts.png(chart)
    files["report.html"] = html.render(summed, drawn, blocks, raw.problems).encode()
    files["report.md"] = markdown.render(summed, drawn).encode()
    files["summary.json"] = msgspec.json.format(msgspec.json.encode(summed), indent=2)
    _write(folder, files)
    return summed


def _read(path: Path) -> list[Record]:
    try:
        return list(journal.read(path))
    except FileNotFoundError:
        raise ReportError(f"{path} does not exist: give the folder of a run, such as results/latest") from None
    except OSError as error:
        raise ReportError(f"{path} can't be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        if (other := _format(path)) not in (journal.FORMAT, None):
            raise ReportError(
                f"{path} has format {other}, this version of tandem reads format {journal.FORMAT}: "
                "make its report with the version that measured it"
            ) from error
        raise ReportError(f"{path} holds a line that is no record of this version of tandem: {error}") from error


def _format(path: Path) -> int | None:
    """Return the format that the first line names, whatever else it holds; None where it names none."""

    class Head(msgspec.Struct):
        format: int | None = None

    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes().partition(b"\n")[0], type=Head).format
    return None


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        (folder / "img").mkdir(exist_ok=True)
        for name, content in files.items():
            _replace(folder / name, content)
    except OSError as error:
        raise ReportError(f"the report can't be written to {folder}: {error.strerror}") from error


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that a reader sees the old file or the new one and never half of it."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
