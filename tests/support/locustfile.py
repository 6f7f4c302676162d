"""A load test that stands in for `loadtest/` where the harness is what is tested."""

from __future__ import annotations

from pathlib import Path

from openloop import format

# Takes the harness's options, tells when its load begins and writes samples, as openloop does.
LOCUSTFILE = """
import csv, gzip, time
from locust import HttpUser, constant, events, task
rows = []
@events.init_command_line_parser.add_listener
def options(parser):
    for name in "scenario arrivals in-flight request-timeout seed-key users-in-database samples".split():
        parser.add_argument("--" + name)
@events.test_start.add_listener
def begin(**_):
    print("openloop began %.6f" % time.time(), flush=True)
@events.request.add_listener
def note(name, response_time, start_time, exception, response, **_):
    outcome = "failed" if exception else "ok"
    rows.append([len(rows), "%.6f" % start_time, 0, response_time, response_time, 0, "GET " + name,
                 response.status_code, outcome, "0000abcd", ""])
@events.quitting.add_listener
def write(environment, **_):
    if {leave_samples}:
        with gzip.open(environment.parsed_options.samples, "wt", newline="") as file:
            csv.writer(file, lineterminator=chr(10)).writerows([{columns!r}, *rows])
class Someone(HttpUser):
    wait_time = constant(0.05)
    @task
    def ask(self):
        {action}
"""

SCENARIOS = """
[read]
title = "what the toy answers"
writes = false
login = false
users = false
"""


def locustfile(folder: Path, action: str = 'self.client.get("/x")', leave_samples: bool = True) -> str:
    """Write a load test that the harness can drive instead of loadtest/, and return its folder."""
    folder.mkdir()
    text = LOCUSTFILE.format(action=action, leave_samples=leave_samples, columns=list(format.COLUMNS))
    (folder / "locustfile.py").write_text(text)
    (folder / "scenarios.toml").write_text(SCENARIOS)
    return str(folder)
