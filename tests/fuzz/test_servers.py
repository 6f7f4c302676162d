"""The same requests, made by a machine, to the Flask app on gunicorn and to the app on every other server of the field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.launch import news, ports
from tests.fuzz import pair, run
from tests.support.stacks import FIRST, KNOWN, WHOLE, one_cpu, skip_without

SEED, LEAST = 23, 200
"""One batch of each way, the same on every machine, has at least so many requests."""


@pytest.fixture(scope="module")
def prompt_news_url(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """News that come at once."""
    port = ports.free_port()
    with news.stub(port=port, delay=0, logs=tmp_path_factory.mktemp("news"), cpus=one_cpu()):
        yield f"http://127.0.0.1:{port}/news"


@pytest.mark.parametrize("name", WHOLE)
def test_no_request_tells_its_server_from_the_first_but_for_what_its_table_says(
    name: str, prompt_news_url: str, short: Path
) -> None:
    skip_without(f"the server of {name}", KNOWN[name].needs)
    with pair.running(short, prompt_news_url, (FIRST, name)) as both:
        run.fuzz(both, SEED, batches=1)
    print(f"{name}: {both.tally}")
    assert both.tally.requests > LEAST
