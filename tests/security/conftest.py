"""What attempts at a way in share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.apps import both_in_process, settings_for
from tests.support.clients import Client


@pytest.fixture
def both(database: Path) -> Iterator[list[Client]]:
    """Both apps on one database."""
    with both_in_process(settings_for(database)) as found:
        yield found
