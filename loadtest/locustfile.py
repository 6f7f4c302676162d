"""The one file that Locust collects here: it offers the scenarios, and `OpenLoopUser`, who serves whichever was chosen.

Everything else lives in `_*.py`, which Locust does not collect but which it lets this file import by bare name.
"""

from __future__ import annotations

import _options
import _scenarios

from openloop.api import OpenLoopUser, offer

__all__ = ["OpenLoopUser"]

offer(_scenarios.scenarios(), default=_scenarios.DEFAULT, add_options=_options.add, fixed=_options.FIXED)
