"""Headers that say what a body is."""

from __future__ import annotations

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
