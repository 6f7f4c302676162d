"""Report: from the records of a run to the pages that a person reads. Nothing is measured here and nothing concluded."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tandem.errors import RunFailed, sentence
from tandem.judge import capacity as judging
from tandem.judge import summary
from tandem.judge.capacity import Capacities
from tandem.judge.summary import Summary
from tandem.records import capacity as records
from tandem.records import journal, run_folder
from tandem.records.setup import Run
from tandem.report import capacity, charts, document, dots, html, lines, markdown, pictures, pools
from tandem.report.document import Document, Searched
from tandem.report.pictures import Chart


class ReportError(RunFailed):
    """The report can't be written; what was measured is kept."""


def write(folder: Path) -> Summary:
    """Write report.html, report.md, summary.json and img/ beside the records in `folder`; each file is whole or not there.

    A run that was broken off is reported as far as it goes. Raises RecordsError where there are no readable records, and
    ReportError where the folder can't be written.
    """
    path = folder / journal.RECORDS
    with journal.readable(path):
        found = list(journal.read(path))
        blocks = summary.counted(found)
        loads = [load for record in found if isinstance(record, Run) for load in record.loads]
        raw = pools.read(folder, blocks, {each.scenario: each.blocking.route for each in loads if each.blocking})
        summed = summary.summarise(found, pools.percentiles(raw), raw.routes)
    drawn = charts.draw(summed, raw.responses, dots.read(folder, loads, blocks))
    sought = capacities(folder) if (folder / records.CAPACITY_FILE).exists() else None
    searched = capacity.section(sought) if sought else None
    files = _pictures([*drawn, *(searched.charts if searched else [])])
    stood = lines.read(folder, loads, blocks)
    files["report.html"] = html.render(
        summed, drawn, blocks, raw.problems, searched, stood if stood.told or stood.problems else None
    ).encode()
    files["report.md"] = markdown.render(summed, drawn, searched).encode()
    files["summary.json"] = _json(document.document(summed, sought))
    _write(folder, files)
    return summed


def write_capacity(folder: Path) -> Capacities:
    """Write the report of a search for capacity that is no part of a comparison. Raises as `write`."""
    found = capacities(folder)
    searched = capacity.section(found)
    files = _pictures(searched.charts)
    files["report.html"] = capacity.html(found.run, searched).encode()
    files["report.md"] = capacity.markdown(found.run, searched).encode()
    files["capacity.json"] = _json(document.searched(found))
    _write(folder, files)
    return found


def capacities(folder: Path) -> Capacities:
    """Return what the search in a folder found. Raises RecordsError where there are no readable records."""
    path = folder / records.CAPACITY_FILE
    with journal.readable(path):
        return judging.judge(list(journal.lines(path, records.CapacityRecord)))


def _json(found: Document | Searched) -> bytes:
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def _pictures(drawn: Sequence[Chart]) -> dict[str, bytes]:
    """Return the files of charts."""
    files = {f"img/{chart.name}.svg": chart.svg.encode() for chart in drawn}
    return files | {f"img/{chart.name}.png": pictures.png(chart) for chart in drawn}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        run_folder.own_folder(folder, "img")
        for name, content in files.items():
            _replace(folder / name, content)
    except OSError as error:
        raise ReportError(f"the report can't be written to {folder}: {sentence(error)}") from error


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
