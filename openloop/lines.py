"""The lines on standard output by which a run tells whoever started it how far it is: written by openloop, read by tandem.

The first two are followed by a space and a moment, in seconds since the epoch.
"""

from __future__ import annotations

BEGAN = "openloop began"
"""The time of the run begins."""

ANSWERED = "openloop answered"
"""After each turn: when the last of its requests ended."""

WAITS = "openloop waits for its turn"
"""All users are there, and the first turn may come."""
