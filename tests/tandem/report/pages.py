"""Pages: a report made of synthetic records, read as a browser would read it."""

from __future__ import annotations

import base64
import csv
import io
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tandem import report
from tandem.judge import summary
from tandem.records.journal import Record
from tandem.report import html as page_of
from tandem.report import markdown
from tests.support import synthetic
from tests.support.synthetic import ASGI, synthesise

FACTORS = {(ASGI, "read", "cpu"): 1.8, (ASGI, "everyday", "cpu"): 1.3, (ASGI, "waiting", "p50"): 0.4}
CSV = "data:text/csv;charset=utf-8;base64,"
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks nesting and ids, and collects text, links and tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.classes: list[str] = []
        self.files: dict[str, str] = {}  # the targets of links that download something, by file
        self.captions: dict[str, str] = {}  # of tables, by name
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        known = dict(attrs)
        self.classes += (known.get("class") or "").split()
        if known.get("download"):
            self.files[str(known["download"])] = str(known["href"])
            self.captions[str(known["download"]).removesuffix(".csv")] = str(known["aria-label"]).partition(": ")[2]
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href") and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def table(self, name: str) -> list[list[str]]:
        """Return a table of the page as whoever downloads it gets it, its head first."""
        content = base64.b64decode(self.files[f"{name}.csv"].partition(CSV)[2]).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(content)))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def made(folder: Path, **options: Any) -> tuple[Page, str]:
    synthetic.write(folder, synthesise(**{"factors": FACTORS, **options}))
    report.write(folder)
    return Page((folder / "report.html").read_text(encoding="utf-8")), (folder / "report.md").read_text(
        encoding="utf-8"
    )


def quick(given: list[Record] | None = None, **options: Any) -> tuple[Page, str]:
    """Return page and Markdown of a run without its samples and pictures, which take most of the time."""
    records = given or synthesise(**{"factors": FACTORS, **options})
    found = summary.summarise(records)
    return Page(page_of.render(found, [], summary.counted(records), [])), markdown.render(found, [])


def html(folder: Path) -> str:
    report.write(folder)
    return (folder / "report.html").read_text(encoding="utf-8")


def text(folder: Path) -> str:
    return Page(html(folder)).text
