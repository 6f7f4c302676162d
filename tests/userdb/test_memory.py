"""What the garbage collector looks at while an app is up."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.apps import APPS, in_process, settings_for
from userdb import memory


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.mark.parametrize("app", APPS)
def test_what_an_app_is_made_of_is_not_looked_at_while_it_is_up(app: str, seeded: Path) -> None:
    with in_process(app, settings_for(seeded)):
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold()[0] == memory.SELDOM
    assert gc.get_freeze_count() == 0
