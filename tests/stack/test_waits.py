"""Who waits for a worker that takes one request at a time: told inside by nginx's clock, and seen outside in its socket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from stalls import summary
from tandem.launch import running_stack
from tandem.observe.backlog import Sampler
from tandem.plan import stacks
from tandem.records import journal
from tandem.records.backlog import Sample, Unread
from tests.support.clients import HttpClient
from tests.support.stacks import environment_for


@pytest.mark.usefixtures("processes")
def test_a_sync_worker(seeded: Path, tmp_path: Path) -> None:
    """Of four at once three wait, for one, two and three times as long as it takes."""
    file, sockets = tmp_path / "stalls.jsonl", tmp_path / "backlog.jsonl"
    place = environment_for(tmp_path, seeded, "http://127.0.0.1:9/news", LAB="1", STALLS_FILE=str(file))
    with running_stack.running("ladder-wsgi", stacks.load([])["ladder-wsgi"], replace(place, started=True)) as stack:
        client = HttpClient("127.0.0.1", stack.port)
        with Sampler(stack.server_ports, sockets), ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(client.request, "GET", "/lab/sleep?ms=300") for _ in range(4)]
            assert [answer.result().status for answer in asked] == [200] * 4
    waits = sorted(each.seconds for each in summary.read(file) if each.kind == "queue" and each.seconds > 0.25)
    assert len(waits) == 3
    assert waits[2] - waits[0] > 0.3
    assert max(each.waiting for each in journal.lines(sockets, Sample | Unread)) >= 2
