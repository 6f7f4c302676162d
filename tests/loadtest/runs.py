"""Real Locust on `loadtest/`, as a process of its own: once through without a head, or with its web page."""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tandem.launch.ports import free_port
from tests.support.waiting import PATIENCE, until

PROJECT = Path(__file__).parents[2]
LOADTEST = PROJECT / "loadtest"
PLAIN, LIGHT = "locust", "tandem.drive.locust"
"""Locust as a person starts it, and as the harness does, which takes less CPU to load."""


class Done(NamedTuple):
    """What a run left behind."""

    status: int
    output: str
    statistics: list[dict[str, Any]]
    """Locust's own, one entry per route."""

    samples: list[dict[str, str]]
    """Ours, one row per arrival."""

    @property
    def requests(self) -> int:
        """As Locust counts them."""
        return sum(entry["num_requests"] for entry in self.statistics)

    @property
    def went_well(self) -> bool:
        """Locust found nothing wrong, or only that this machine was busy."""
        return self.status in (0, 3)

    @property
    def failures(self) -> int:
        return sum(entry["num_failures"] for entry in self.statistics)

    @property
    def last_line(self) -> str:
        return self.output.splitlines()[-1]

    @property
    def due(self) -> list[float]:
        """Seconds since the epoch, ascending."""
        return sorted(float(row["due"]) for row in self.samples)

    @property
    def asked(self) -> dict[int, str]:
        """What every arrival asked for."""
        return {int(row["arrival"]): row["asked"] for row in self.samples}

    def response_ms(self, share: float) -> float:
        """A percentile over all samples, whatever became of them."""
        times = sorted(float(row["response_ms"]) for row in self.samples)
        return times[min(int(share * len(times)), len(times) - 1)]

    def outcomes(self, outcome: str) -> list[dict[str, str]]:
        return [row for row in self.samples if row["outcome"] == outcome]


def _heed_ctrl_c() -> None:
    """Tests that a shell started in the background ignore Ctrl-C, and what they start would, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def locust(log: Path, *options: object, cwd: Path = PROJECT, module: str = PLAIN) -> Iterator[subprocess.Popen[bytes]]:
    """Locust with its workers, gone at the end whatever happens. The master's port is its own in each run."""
    port = str(free_port())
    ports = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
    command = [sys.executable, "-m", module, *map(str, options), *ports]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            preexec_fn=_heed_ctrl_c,
        )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(
    folder: Path,
    url: str,
    *options: object,
    users: int = 50,
    seconds: int = 2,
    cwd: Path = PROJECT,
    module: str = LIGHT,
) -> Done:
    """One run without a web page, to its end."""
    with running(folder, url, "-t", f"{seconds}s", *options, users=users, cwd=cwd, module=module) as process:
        status = process.wait(PATIENCE)
    return left(folder, status)


def running(
    folder: Path,
    url: str,
    *options: object,
    users: int = 50,
    cwd: Path = PROJECT,
    load_test: Path = LOADTEST,
    module: str = LIGHT,
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """A run without a web page."""
    samples, statistics, log = folder / "samples.gz", folder / "statistics", folder / "log"
    for file in (samples, statistics.with_suffix(".json")):
        file.unlink(missing_ok=True)
    usual = ["--headless", "-u", users, "-r", users, "-H", url, "--json-file", statistics, "--samples", samples]
    return locust(log, "-f", load_test, *usual, *options, cwd=cwd, module=module)


def left(folder: Path, status: int) -> Done:
    """What such a run left in the folder."""
    samples, statistics = folder / "samples.gz", folder / "statistics.json"
    entries = json.loads(statistics.read_text()) if statistics.exists() else []
    return Done(status, (folder / "log").read_text(), entries, read(samples) if samples.exists() else [])


def read(samples: Path) -> list[dict[str, str]]:
    """The rows of a file of samples."""
    with gzip.open(samples, "rt", newline="") as file:
        return list(csv.DictReader(file))


class Page:
    """The web page of a running Locust."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self._url + path, timeout=PATIENCE) as answer:
            return bytes(answer.read())

    def post(self, path: str, **form: object) -> dict[str, Any]:
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(self._url + path, data=data, timeout=PATIENCE) as answer:
            body: dict[str, Any] = json.load(answer)
        return body

    def statistics(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.get("/stats/requests"))
        return body

    def counts(self) -> dict[str, tuple[int, int]]:
        """Requests and failures of every route, as they are at this moment; the page's statistics lag by 2 s."""
        table = csv.DictReader(self.get("/stats/requests/csv").decode().splitlines())
        rows = [row for row in table if row["Name"] != "Aggregated"]
        return {row["Name"]: (int(row["Request Count"]), int(row["Failure Count"])) for row in rows}

    def wait(self, come_true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The statistics as soon as they fulfil a condition; nobody answering counts as not yet."""
        return until(self.statistics, come_true)

    def wait_for_log(self, text: str) -> str:
        """What Locust has logged, as soon as it holds the text."""
        return until(lambda: self.get("/logs").decode(), lambda logs: text in logs)
