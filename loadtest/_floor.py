"""Scenario `floor`: a static file that nginx serves without any app, the fastest answer there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import _checks

if TYPE_CHECKING:
    from _client import Client

PATH = "/static/style.css"


def steps(client: Client) -> Iterator[None]:
    """The style sheet, uncompressed so that neither side computes."""
    headers = {"Accept-Encoding": "identity"}
    while True:
        client.ask("GET", PATH, PATH, lambda answer: _checks.static(answer, "text/css"), headers=headers)
        yield
