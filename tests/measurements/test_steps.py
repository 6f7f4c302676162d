"""The steps on the path of a request that docs/measurements/path.py measures: they fit the code as it is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def steps(script: Any) -> Any:
    """The module."""
    return script("steps")


def test_each_is_there_once_and_leaves_an_app_without_it(steps: Any) -> None:
    for step in steps.STEPS:
        if step.text:
            whole = (ROOT / step.file).read_text()
            without = steps.replaced(step, whole)
            assert ast.dump(ast.parse(without)) != ast.dump(ast.parse(whole)), step.name
        else:
            assert step.more, step.name


def test_one_that_is_not_there_any_more_is_told(steps: Any) -> None:
    with pytest.raises(ValueError, match=r"routing\.py has the text of the step 'routes' 0 times"):
        steps.replaced(steps.STEPS[0], "nothing")


def test_each_is_told_of(steps: Any) -> None:
    told = (ROOT / "docs" / "measurements" / "path.md").read_text()
    assert [step.name for step in steps.STEPS if step.name.capitalize() not in told and step.name not in told] == []
