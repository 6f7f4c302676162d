"""Metrics and logs may fail: whatever becomes of the disk that they are on, the service goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.launch import preparation, running_stack
from tandem.launch.running_stack import RunningStack
from tandem.plan import stacks as tandem_stacks
from tests.support.apps import APPS
from tests.support.clients import HttpClient
from tests.support.processes import descendants
from tests.support.raw import request, sent
from tests.support.stacks import STACKS, environment_for
from tests.support.waiting import until

PROJECT = Path(__file__).parents[2]
READS = (
    "/healthz",
    "/api/users/7",
    "/api/users",
    "/users/7",
    "/",
    "/api/add?a=1&b=2",
    "/openapi.json",
    "/docs",
    "/login",
)

# An app counts in a folder on a disk that is full from its second request on: a small one of its own, where users may mount
# one in a namespace, or else one on which no file may grow.
FULL = """
import errno, json, resource, sys
from pathlib import Path
from tests.support.apps import in_process, settings_for

app, database, folder, own_disk, *reads = sys.argv[1:]


def fill():
    if own_disk == "no":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        return
    with open(f"{folder}/filler", "wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                return


with in_process(app, settings_for(Path(database), PROMETHEUS_MULTIPROC_DIR=folder)) as client:
    found = [client.request("GET", "/healthz").status]
    fill()
    found += [client.request(method, each).status for method in ("GET", "HEAD", "OPTIONS") for each in reads]
    print(json.dumps([found, client.request("GET", "/metrics").status]))
"""
MOUNTED = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=128k none "$0" && exec "$@"']


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("own_disk", ["yes", "no"])
def test_an_app_reads_on_while_the_disk_of_its_metrics_is_full(
    app: str, own_disk: str, database: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    namespace = [*MOUNTED, str(folder)]
    if own_disk == "no" or subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        own_disk, namespace = "no", []
    done = subprocess.run(
        [*namespace, sys.executable, "-c", FULL, app, str(database), str(folder), own_disk, *READS],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    statuses, metrics = json.loads(done.stdout)
    assert statuses == [200] * (1 + 2 * len(READS)) + [204] * len(READS)  # rows of more than a page of the file
    assert metrics in (200, 503)
    lines = [line for line in done.stderr.splitlines() if "counted in /metrics" in line]
    assert len(lines) == 1


@pytest.fixture(scope="module", params=STACKS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seeded: Path, news_url: str
) -> Iterator[RunningStack]:
    """A stack of these tests' own; the last of them takes its files away."""
    place = environment_for(tmp_path_factory.mktemp("running"), seeded, news_url)
    with running_stack.running(request.param, tandem_stacks.load([])[request.param], place) as found:
        yield found


def test_how_many_descriptors_there_are_is_set(running: RunningStack) -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = preparation.DESCRIPTORS if hard == resource.RLIM_INFINITY else min(preparation.DESCRIPTORS, hard)
    for child in (*running.servers, running.nginx):
        for pid in (child.pid, *descendants(child.pid)):
            assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] == wanted, child.name


STRANGE = {"X-Strange": "\x1b[31m", "Referer": "\x1b]0;mine\x07", "User-Agent": "\x9b2J"}
STRANGERS = [
    request("GET", "/healthz", STRANGE),
    request("GET", "/static/%1b%5b31m", {"Referer": "\x1b[31m"}),
    request("GET", "/%1b%5b31m?%1b=\x1b"),
    request("POST", "/api/users", {"Referer": "\x1b[31m", "Content-Type": "text/plain"}, b"\x1b" * 100_000),
    request("\x1b[31m", "/"),
    request("GET", "/api/users/7/news", {"Referer": "\x1b[31m"}),
]
TIMES = 60


def test_strangers_write_no_commands_and_little_to_the_logs(running: RunningStack) -> None:
    def logged() -> bytes:
        return b"".join(child.log.read_bytes() for child in (*running.servers, running.nginx))

    before = len(logged())
    for data in STRANGERS * TIMES:
        sent(running.port, data)
    text = logged()
    assert not {byte for byte in text if (byte < 32 and byte != 10) or byte == 127}
    assert "\x9b" not in text.decode()
    assert len(text) - before < 20_000


def test_a_stack_reads_on_when_the_files_of_its_metrics_are_gone_beneath_it(running: RunningStack) -> None:
    """What a full disk does to a file that is mapped into memory, without a full disk: what is not there any more can't be written."""
    client = HttpClient("127.0.0.1", running.port)
    assert {client.request("GET", each).status for each in (*READS * 3, "/metrics")} == {200}
    before = [descendants(server.pid) for server in running.servers]

    def counted() -> list[Path]:
        client.request("GET", "/healthz")
        return list((running.nginx.log.parent / f"own-{running.name}").glob("*.db"))

    files = until(counted, lambda found: len(found) == running.processes)  # on a machine in use a worker may start late
    for file in files:
        os.truncate(file, 0)
    assert {client.request("GET", each).status for each in READS * 10} == {200}
    assert client.request("GET", "/metrics").status in (200, 503)
    running.check()
    assert [descendants(server.pid) for server in running.servers] == before
