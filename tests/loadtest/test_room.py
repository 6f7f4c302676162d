"""The folder itself: what Locust collects of it, what it may import, and that its bare module names are free."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

from tests.loadtest.runs import LOADTEST

FILES = sorted(LOADTEST.rglob("*.py"))


def test_locust_collects_one_file() -> None:
    assert [file.relative_to(LOADTEST) for file in FILES if not file.name.startswith("_")] == [Path("locustfile.py")]
    assert {file.parent for file in FILES} == {LOADTEST}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_bare_names_are_free(file: Path) -> None:
    """Locust puts these modules among all others under their bare names."""
    assert file.stem not in sys.stdlib_module_names
    assert file.stem not in sys.builtin_module_names
    spec = importlib.util.find_spec(file.stem)
    assert spec is None or Path(spec.origin or "") == file


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_imports(file: Path) -> None:
    """The room is a black-box client: the standard library, Locust, openloop, and the room itself."""
    allowed = {*sys.stdlib_module_names, "locust", "openloop", *(sibling.stem for sibling in FILES)}
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= allowed
