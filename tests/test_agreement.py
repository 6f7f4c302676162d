"""What two rooms say of the same thing without importing each other."""

from __future__ import annotations

import re
from pathlib import Path

from tandem import profiles, provenance
from tandem.__main__ import OLDEST
from tests.clients import Client
from userdb import statements

ROOT = Path(__file__).parents[1]


def test_the_harness_and_locust_know_the_same_scenarios() -> None:
    text = (ROOT / "loadtest" / "_scenarios.py").read_text()
    offered = re.findall(r"^import _(\w+)$", text, re.MULTILINE)
    assert sorted(profiles.SCENARIOS) == sorted(name for name in offered if f'"{name}"' in text)


def test_the_durability_that_is_reported_is_the_one_in_force() -> None:
    assert provenance.DURABILITY == "WAL, synchronous=NORMAL"
    for pragmas in (statements.SQLITE_PRAGMAS, statements.SQLITE_READ_PRAGMAS):
        assert "PRAGMA synchronous=NORMAL" in pragmas
    assert "PRAGMA journal_mode=WAL" in (ROOT / "userdb" / "database" / "whole.py").read_text()


def test_nginx_and_the_apps_refuse_the_same_size(stack_client: Client) -> None:
    from userdb.forms import LARGEST_BODY

    body = b" " * (LARGEST_BODY - 2) + b"{}"
    headers = {"Content-Type": "application/json"}
    assert stack_client.request("POST", "/api/users", headers, body).status == 422
    assert stack_client.request("POST", "/api/users", headers, body + b" ").status == 413


def test_the_oldest_python_is_the_same_everywhere() -> None:
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
    assert "(3, 11)" in (ROOT / "requirements" / "install").read_text()
    assert OLDEST == (3, 11)
