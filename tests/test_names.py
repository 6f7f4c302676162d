"""A name stands for one thing: no class or type of the harness and its load generator is called like another."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

SAME = {
    "Say": "how a line is printed, in packages that don't import each other",
}
"""Names that stand several times because they are one thing, and why."""


def names(module: ast.Module) -> Iterator[str]:
    """The classes of a module, wherever they are, and its types: `Name = …`."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield node.name
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name):
                yield name


def test_no_name_stands_for_two_things() -> None:
    where = defaultdict(list)
    for folder in ("tandem", "openloop"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for name in names(ast.parse(file.read_text(encoding="utf-8"))):
                where[name].append(str(file.relative_to(ROOT)))
    assert {name: files for name, files in where.items() if len(files) > 1 and name not in SAME} == {}
    assert [name for name in SAME if len(where[name]) < 2] == []
