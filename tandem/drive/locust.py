"""Locust as `python -m locust` starts it, but with less CPU: what the installed packages register is read once.

gevent asks for plug-ins at each step of its patching, 25 times, and each time reads what every installed package says of itself:
an eighth of the CPU that Locust takes to load, and eight of them load in a round.
"""

from __future__ import annotations

import importlib.metadata
import runpy
from typing import Any


def main() -> None:
    """Run Locust's own command line in this process."""
    found: Any = importlib.metadata.entry_points()

    def entry_points(**given: Any) -> Any:
        return found.select(**given)

    importlib.metadata.entry_points = entry_points
    runpy.run_module("locust", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
