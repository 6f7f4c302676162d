"""The rows of lab.toml, the kinds of blocker."""

from __future__ import annotations

import pytest

from asgi_app import lab
from stalls.record import KINDS
from tandem.paths import PROJECT
from tandem.plan.stacks import load
from tests.support.lab import ROWS

ALWAYS = {"title", "happens", "repair", "wrong", "amount", "usual", "most", "cpu"}
SOMETIMES = {
    "about_ms",
    "right",
    "right_ms",
    "echo",
    "planted",
    "stall",
    "client",
    "per_second",
    "bystander",
    "writes",
    "holds",
    "needed_by",
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_says_all_that_is_asked_of_a_kind(kind: str) -> None:
    row = ROWS[kind]
    assert ALWAYS <= row.keys() <= ALWAYS | SOMETIMES
    assert 1 <= row["usual"] <= row["most"]
    assert row["happens"].endswith(".")
    assert row["repair"].endswith(".")
    assert ("about_ms" in row) == (row["amount"] != "ms")
    assert ("holds" in row) == ("needed_by" in row)
    assert all(row[name].startswith("/lab/") for name in {"wrong", "right", "bystander"} & row.keys())


def test_the_right_way_to_hang_takes_its_limit() -> None:
    assert ROWS["hang"]["right_ms"] == 1000 * lab.LIMIT


def test_the_guide_has_all_kinds() -> None:
    text = (PROJECT / "docs" / "blocking.md").read_text()
    told = [
        f"| {kind}: {row['title']} | {row['happens']} | `{row['wrong']}?{row['amount']}=" for kind, row in ROWS.items()
    ]
    told += [f"| {row['repair']} |" for row in ROWS.values()]
    assert [line for line in told if line not in text] == []


def test_the_guide_has_all_rungs_of_the_ladder() -> None:
    text = (PROJECT / "docs" / "blocking.md").read_text()
    told = [
        f"| `{name}` | {stack.title} | {stack.note} |" for name, stack in load().items() if "ladder" in stack.groups
    ]
    assert [line for line in told if line not in text] == []


@pytest.mark.parametrize("kind", [kind for kind, row in ROWS.items() if "planted" in row])
def test_what_holds_the_loop_has_a_line_and_a_kind_of_stall(kind: str) -> None:
    assert ROWS[kind]["planted"].keys() == {"file", "function"}
    assert ROWS[kind]["stall"] in KINDS
    assert ROWS[kind].get("right")
