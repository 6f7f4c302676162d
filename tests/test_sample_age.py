"""Whether the age of the sample run is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import sample_age


def git(root: Path, *call: str) -> str:
    name = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    return subprocess.run(["git", *name, *call], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def committed(root: Path, file: str) -> str:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(str(len(list(root.rglob("*")))))
    git(root, "add", ".")
    git(root, "commit", "-m", file)
    return git(root, "rev-parse", "HEAD")


@pytest.mark.usefixtures("processes")
def test_only_what_is_measured_makes_a_sample_older(tmp_path: Path) -> None:
    git(tmp_path, "init")
    first = committed(tmp_path, "asgi_app/api.py")
    committed(tmp_path, "docs/method.md")
    assert sample_age.changes(first, tmp_path) == 0
    committed(tmp_path, "nginx/nginx.conf")
    committed(tmp_path, "asgi_app/api2.py")
    assert sample_age.changes(first, tmp_path) == 2
    assert sample_age.changes("0" * 40, tmp_path) is None


def test_the_sample_names_its_commit() -> None:
    assert len(sample_age.commit() or "") == 40


def test_what_is_said() -> None:
    assert "as it is" in sample_age.sentence("a" * 40, 0)
    assert "aaaaaaaaaaaa; 3 commits since" in sample_age.sentence("a" * 40, 3)
    assert "can't be told" in sample_age.sentence(None, None)
    assert "can't be told" in sample_age.sentence("a" * 40, None)
