"""The one file that Locust collects here: it offers `TandemUser`, who serves whichever scenario was chosen.

Everything else lives in `_*.py`, which Locust does not collect but which it lets this file import by bare name.
"""

from __future__ import annotations

import _options
import _run
from _user import TandemUser

__all__ = ["TandemUser"]

_options.register()
_run.register()
