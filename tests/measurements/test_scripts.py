"""The scripts that measure: what they conclude follows from what they saw, and the peers are whom the documents name."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.serving import Handler, serving

ROOT = Path(__file__).parents[2]
PEERS = sorted(path for path in (ROOT / "peers").glob("*.py") if path.name != "__init__.py")


@contextmanager
def answering() -> Iterator[int]:
    """A server by whose port every third answer is a 503."""
    numbers = count()

    class Third(Handler):
        def get(self) -> None:
            self.answer(503 if next(numbers) % 3 == 0 else 200, b"{}")

    with serving(Third) as server:
        yield server.server_port


def test_what_is_not_200_is_told_apart(script: Any) -> None:
    asking = script("asking")
    with answering() as port:
        found = asking.turn(asking.Target(port, []), asking.reading(10), connections=2, seconds=0.3)
    assert 0.2 < found.bad < 0.45
    assert len(found.times) > 5
    assert 0 < found.p50_ms <= found.p99_ms <= found.p999_ms


@pytest.mark.parametrize(
    ("values", "at_most", "reached"),
    [
        ([0.2, 0.3, 0.2, 0.3, 0.2, 0.3], True, "yes"),
        ([0.2, 0.3, 0.2, 0.3, 0.2, 0.3], False, "**no**"),
        ([0.3, 0.5, 0.3, 0.5, 0.3, 0.5], True, "open"),
        ([0.1] * 5, True, "too few rounds"),
    ],
)
def test_a_line_is_reached_where_all_of_its_interval_is(
    script: Any, values: list[float], at_most: bool, reached: str
) -> None:
    assert script("reached").Row("something", values, 0.4, at_most=at_most).reached() == reached


def locked() -> dict[str, str]:
    """The versions of requirements/peers.txt, for this Python."""
    text = (ROOT / "requirements" / "peers.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_every_peer_is_measured_and_documented(script: Any) -> None:
    measured = {module for _, module in script("frameworks").PEERS.values()}
    assert measured == {path.stem for path in PEERS}
    described = set(re.findall(r"^\| `(\w+)\.py`", (ROOT / "peers" / "README.md").read_text(), re.MULTILINE))
    assert described == measured


@pytest.mark.parametrize("path", PEERS, ids=lambda path: path.stem)
def test_a_peer_needs_only_what_is_locked_and_answers_both_routes(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {each.replace("_", "-") for each in imported - sys.stdlib_module_names} <= locked().keys()
    text = path.read_text()
    assert len(re.findall(r"api/users/[<{][\w:]+[>}]", text)) == 2
    assert len(re.findall(r"api/users/[<{][\w:]+[>}]/news", text)) == 1
    assert "DATABASE" in text
    assert "NEWS_URL" in text


@pytest.mark.usefixtures("processes")
def test_growth_is_kept_and_drawn(tmp_path: Path) -> None:
    command = [sys.executable, "docs/measurements/growth.py", "--out", str(tmp_path), "--stacks", "asgi-direct"]
    small = ["--rounds", "1", "--seconds", "0.2", "--users", "1000", "--in-flight", "1,4"]
    done = subprocess.run([*command, *small], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds = {(each["kind"], each["size"]) for each in json.loads((tmp_path / "growth.json").read_text())}
    assert kinds == {
        ("read", 1000),
        ("page", 1000),
        *(("connections", n) for n in (1, 4)),
        ("waiting", 1),
        ("waiting", 4),
    }
    pictures = list(tmp_path.glob("*.svg"))
    assert len(pictures) == 6
    assert all("<svg" in each.read_text() for each in pictures)
    assert "kB for each" in done.stdout
