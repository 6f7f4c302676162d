"""What restarts.py changes in a folder of deploy/, and what its table says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tandem.errors import TandemError


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(("kept", "twice"), [(True, False), (False, True)])
def test_the_folders_are_those_of_deploy_but_for_what_is_measured(
    script: Any, tmp_path: Path, kept: bool, twice: bool
) -> None:
    script("kept_up").assembled(tmp_path / "site", "asgi", 18080, (19002, 19003), kept=kept, twice=twice)
    supervisor = (tmp_path / "site" / "supervisord.conf").read_text()
    assert ("socket_kept.py %(here)s 19002" in supervisor) is kept
    assert ('environment = PORT="19003"' in supervisor) is twice
    assert ("127.0.0.1:19003" in (tmp_path / "site" / "nginx" / "upstream.conf").read_text()) is twice


def test_a_folder_that_has_changed_is_refused(script: Any, tmp_path: Path) -> None:
    (tmp_path / "upstream.conf").write_text("server 127.0.0.1:1;")
    with pytest.raises(TandemError, match=r"upstream\.conf of deploy/ is not as this script expects"):
        script("kept_up").replaced(tmp_path / "upstream.conf", "max_fails=0", "")


def test_a_line_says_what_was_lost_or_why_nothing_was_measured(script: Any) -> None:
    restarts, row = script("restarts"), script("restarts").ROWS[0]
    seen = restarts.Seen(lost=3, late=20, until=1.24, of=500)
    assert restarts.line(row, seen).endswith("| 50/s | 3 of 500 | 20 | 1.2 s |")
    assert restarts.line(row, seen._replace(until=None)).endswith("| not within 45 s |")
    assert restarts.line(row, restarts.CannotRunError("no uWSGI")).endswith("| not run: no uWSGI | | | |")
