"""Tables: one table as HTML, Markdown and CSV, also when it holds what somebody put there on purpose."""

from __future__ import annotations

import csv
import io

import pytest

from tandem.report import tables
from tandem.report.tables import Cell, Table
from tests.tandem.report.pages import Page

HOSTILE = '<b>"&|`=1+1`'


def table(*cells: Cell) -> Table:
    columns = ["Stack", *(f"column {number}" for number in range(1, len(cells)))]
    return Table(name="made-up", caption=f"A table {HOSTILE}", columns=columns, rows=[cells])


def text(value: str) -> Cell:
    return Cell(text=value, value=value)


def number(value: float | None, **further: object) -> Cell:
    return Cell(text=f"about {value}", value=value, **further)  # type: ignore[arg-type]  # any field


def rows(made: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(tables.as_csv(made))))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_is_a_formula_for_a_spreadsheet(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    made = Table(
        name="evil", caption="", columns=[evil, "b"], rows=[[text(evil), Cell(text="", value="", hidden={"c": evil})]]
    )
    assert [cell[0] for row in rows(made) for cell in row if "HYPERLINK" in cell] == ["'"] * 3


def test_numbers_stay_numbers() -> None:
    found = rows(table(text("a"), number(-0.5), number(1e-9), number(None), number(float("inf")), number(12345)))
    assert found[1] == ["a", "-0.5", "1e-09", "", "", "12345"]


def test_all_that_a_cell_holds_has_a_column_with_its_unit() -> None:
    part = number(2.0, unit="ms", below={"deep": number(3.0)})
    full = number(1.0, unit="ms", below={"part": part}, hidden={"low": 0.5})
    made = Table(
        name="x",
        caption="",
        columns=["a", "b", "c"],
        rows=[[text("1"), text("2"), text("3")], [text("x"), full, text("y")]],
    )
    head, first, second = rows(made)
    assert head == ["a", "b", "b (ms)", "b: part (ms)", "b: part: deep", "b: low", "c"]
    assert first == ["1", "2", "", "", "", "", "3"]
    assert second == ["x", "", "1.0", "2.0", "3.0", "0.5", "y"]


def test_columns_of_the_same_title_stay_apart() -> None:
    made = Table(name="x", caption="", columns=["a", "a"], rows=[[text("1"), text("2")]])
    assert rows(made) == [["a", "a"], ["1", "2"]]


def test_a_table_without_rows_has_a_head() -> None:
    assert rows(Table(name="x", caption="", columns=["a", "b"], rows=[])) == [["a", "b"]]


def test_html_shows_every_text_as_it_is() -> None:
    cell = Cell(
        text=HOSTILE, value=1, kind="chip", why=HOSTILE, below={"more": text(HOSTILE)}, link=("there", f"#{HOSTILE}")
    )
    page = Page(str(tables.html(table(text(HOSTILE), cell))))
    assert "b" not in page.tags
    assert page.text.count(HOSTILE) == 4
    assert page.links[-1] == f"#{HOSTILE}"
    assert page.table("made-up")[1][0] == HOSTILE


def test_html_names_rows_columns_and_the_download() -> None:
    found = str(tables.html(table(text("a"), number(1.0))))
    assert found.count('<th scope="col">') == 2
    assert found.count('<th scope="row">') == 1
    assert 'download="made-up.csv"' in found
    assert Page(found).captions["made-up"] == f"A table {HOSTILE}"


def test_markdown_has_a_line_for_each_row() -> None:
    lines = tables.markdown(table(text(HOSTILE), number(1.0))).splitlines()
    assert [line.replace("\\|", "").count("|") for line in lines] == [3, 3, 3]
    assert "<b>" not in lines[2].replace("\\<", "")
