"""A worker obeys an order of its master without building a parser for each of Locust's options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import PATIENCE

PROGRAM = """
from locust import argument_parser, events, runners
from locust.env import Environment
from openloop.api import OpenLoopUser, Scenario, offer

offer({"none": Scenario(lambda process: None)})
events.init.fire(environment=Environment(events=events, parsed_options=argument_parser.get_parser().parse_args([])))

def built(**_):
    global parsers
    parsers += 1
    return parser()

parsers, parser = 0, argument_parser.get_empty_argument_parser
argument_parser.get_empty_argument_parser = built
answers = [runners.argument_parser.default_args_dict() for _ in range(100)]
assert "host" in answers[0] and "scenario" not in answers[0]
print(parsers)
"""


@pytest.mark.usefixtures("processes")
def test_the_defaults_of_its_options_are_worked_out_once(tmp_path: Path) -> None:
    """In a process of its own, as Locust patches the one that imports it."""
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")
