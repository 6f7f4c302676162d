"""The command `tandem`, also `python -m tandem`.

What stands here runs before anything else is imported, so it must parse and run on old Pythons and on every platform.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

OLDEST_PYTHON = (3, 11)
LINUX_ONLY = ("serve", "seed", "compare", "capacity", "lab", "live")


def objection(version: tuple[int, ...], platform: str, arguments: Sequence[str]) -> str | None:
    """Return the sentence that says why this command can't run here, or None."""
    if version < OLDEST_PYTHON:
        return f"Python 3.11 or later is needed and this is {version[0]}.{version[1]}: call tandem with a later one"
    if not platform.startswith("linux"):
        command = next((argument for argument in arguments if not argument.startswith("-")), "")
        if command in LINUX_ONLY:
            return (
                f"`tandem {command}` needs Linux (it pins processes to CPUs and reads /proc), and this is {platform}; "
                "`tandem report` and `tandem stacks` work here"
            )
    return None


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    reason = objection(sys.version_info[:2], sys.platform, given)
    if reason:
        print("tandem: " + reason, file=sys.stderr)
        return 2
    try:
        from tandem.cli.main import run
    except ModuleNotFoundError as error:
        print(
            f"tandem: the library {error.name} is missing: run `make setup`, then use .venv/bin/tandem", file=sys.stderr
        )
        return 2
    return run(given)


if __name__ == "__main__":
    sys.exit(main())
