"""How old the sample run is: how often what it measured has changed since. Said by `make check`, which it never fails.

A sample is an honest run of its commit, and stays one; but whoever reads it should know that the code has moved on.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tandem import formats
from tandem.paths import PROJECT
from tandem.records import journal
from tandem.records.setup import Run

SAMPLE = PROJECT / "docs" / "sample" / "records.jsonl"
MEASURED = (
    "asgi_app",
    "wsgi_app",
    "userdb",
    "openloop",
    "loadtest",
    "nginx",
    "requirements",
    "tandem/plan",
    "tandem/drive",
    "tandem/launch",
    "tandem/experiments",
)
"""What decides the numbers of a run: what is loaded, what loads it, and how."""


def commit(records: Path = SAMPLE) -> str | None:
    """The commit that a run measured. Raises as `journal.read`."""
    return next(record for record in journal.read(records) if isinstance(record, Run)).provenance.commit


def changes(since: str, root: Path = PROJECT) -> int | None:
    """How many commits since then changed what is measured; None where git or this part of the history is not there."""
    call = ["git", "rev-list", "--count", f"{since}..HEAD", "--", *MEASURED]
    try:
        done = subprocess.run(call, cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return int(done.stdout) if done.returncode == 0 else None


def sentence(since: str | None, number: int | None) -> str:
    """What there is to say, in a line."""
    if since is None or number is None:
        return "docs/sample: how old it is can't be told here (no commit recorded, or no such history)."
    if not number:
        return "docs/sample: it measured the code as it is."
    return (
        f"docs/sample: it is of commit {since[:12]}; {formats.count(number, 'commit')} since changed what it measures. "
        "Make it anew with `make compare-standard` before its numbers are quoted."
    )


if __name__ == "__main__":
    known = commit()
    sys.stdout.write(sentence(known, changes(known) if known else None) + "\n")
