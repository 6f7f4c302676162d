"""Tables: what every table of the report is, as data, and how it becomes HTML, Markdown and CSV."""

from __future__ import annotations

import base64
import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from markupsafe import Markup

Raw = str | int | float | None


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """What people read, and the value behind it, which a spreadsheet gets."""

    text: str
    value: Raw
    unit: str = ""  # of the value
    kind: str = ""  # CSS classes
    why: str = ""  # shown when one points at it
    below: Mapping[str, Cell] = {}  # further cells in the same place, a column each in CSV
    hidden: Mapping[str, Raw] = {}  # further values, for CSV only
    dot: str = ""  # CSS colour of a dot before the text
    link: tuple[str, str] | None = None  # text and target of a link behind the text


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows below the titles of their columns; the first cell of each row is its heading."""

    name: str  # of the file, without an ending
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    kind: str = ""  # CSS classes


def html(table: Table) -> Markup:
    """Return the table for the page, with a link that downloads it as CSV."""
    head = _joined(Markup('<th scope="col">{}</th>').format(column) for column in table.columns)
    return Markup(
        '<div class="scroll"><table{}>\n<caption>{} {}</caption>\n<thead><tr>{}</tr></thead>\n<tbody>{}</tbody>\n</table></div>'
    ).format(_class(table.kind), table.caption, _download(table), head, _joined(_row(row) for row in table.rows))


def markdown(table: Table) -> str:
    """Return the table as lines of Markdown, with nothing but the text of its cells."""
    head = [escaped(column) for column in table.columns]
    lines = [head, ["---"] * len(head), *([escaped(cell.text) for cell in row] for row in table.rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def as_csv(table: Table) -> str:
    """Return the values of the table as CSV (RFC 4180): numbers in full, and no text that a spreadsheet takes for a formula."""
    rows = [
        {(place, name): value for place, cell in enumerate(row) for name, value in _values(table.columns[place], cell)}
        for row in table.rows
    ]
    bare = dict.fromkeys(enumerate(table.columns))
    titles = sorted(dict.fromkeys(title for row in rows or [bare] for title in row), key=lambda title: title[0])
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_inert(name) for _, name in titles)
    writer.writerows([_inert(row.get(title)) for title in titles] for row in rows)
    return out.getvalue()


def plain(table: Table) -> str:
    """Return the table for a terminal, its columns below each other."""
    rows = [list(table.columns), *([cell.text for cell in row] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def escaped(text: str) -> str:
    """Return the text so that Markdown and the HTML in it take every character as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", " ".join(text.split())).replace("\\_", "_")


def _row(row: Sequence[Cell]) -> Markup:
    first, *rest = row
    heading = Markup('<th scope="row">{}</th>').format(_inside(first))
    return Markup("<tr>{}{}</tr>\n").format(heading, _joined(Markup("<td>{}</td>").format(_inside(c)) for c in rest))


def _inside(cell: Cell) -> Markup:
    """Return what is in a cell: dot, text and link, and below them the further ones."""
    text = Markup("{}").format(cell.text)
    if cell.kind or cell.why:
        why = Markup(' title="{}"').format(cell.why) if cell.why else ""
        text = Markup("<span{}{}>{}</span>").format(_class(cell.kind), why, cell.text)
    dot = Markup('<span class="dot" style="background:{}"></span>').format(cell.dot) if cell.dot else ""
    link = Markup(' <a href="{}">{}</a>').format(cell.link[1], cell.link[0]) if cell.link else ""
    return Markup("{}{}{}{}").format(dot, text, link, _joined(_below(below) for below in cell.below.values()))


def _below(cell: Cell) -> Markup:
    """Return a further cell on a line of its own, or beside the first where it is inline."""
    return Markup(" {}" if "inline" in cell.kind else "<div>{}</div>").format(_inside(cell))


def _download(table: Table) -> Markup:
    """Return a link to the table as CSV, in the page itself; spreadsheets need the mark at its beginning to see UTF-8."""
    content = base64.b64encode(("\ufeff" + as_csv(table)).encode()).decode()
    return Markup(
        '<a class="csv" download="{}.csv" href="data:text/csv;charset=utf-8;base64,{}" aria-label="Download as CSV: {}">CSV</a>'
    ).format(table.name, content, table.caption)


def _values(title: str, cell: Cell) -> Iterator[tuple[str, Raw]]:
    """Yield all values of a cell with the titles of their columns in CSV, which name the unit."""
    yield (f"{title} ({cell.unit})" if cell.unit else title, cell.value)
    for name, below in cell.below.items():
        yield from _values(f"{title}: {name}", below)
    for name, value in cell.hidden.items():
        yield (f"{title}: {name}", value)


def _inert(value: Raw) -> Raw:
    """Return a value that is data in any spreadsheet: what begins like a formula becomes text; what is no number, nothing."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else value


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _class(kind: str) -> Markup:
    return Markup(' class="{}"').format(kind) if kind else Markup("")
