"""What Locust says of a run that there turns out not to be: nothing, so that why there is none stands alone."""

from __future__ import annotations

import logging
import os

LOGGERS = ("locust.main", "locust.runners", "locust.stats_logger")
"""They say that Locust starts and ends, and print its tables."""


class HeldBack(logging.Filter):
    """Holds back what Locust says, warnings aside, until it is known whether there is a run."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[logging.LogRecord] | None = []
        self._is_silent = False
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Hold it back, say it, or forget it."""
        if record.levelno >= logging.WARNING:
            return True
        if self._held is not None:
            self._held.append(record)
            return False
        return not self._is_silent

    def release(self) -> None:
        """There is a run, or somebody who sees the web page: say what was held back in this process, and hold back no more."""
        held, self._held = self._held or [], None
        for record in held:
            if record.process == os.getpid():  # a worker is forked with what its master held back
                logging.getLogger(record.name).handle(record)

    def forget(self) -> None:
        """There is no run, or no longer: say nothing of it."""
        self._held, self._is_silent = None, True
