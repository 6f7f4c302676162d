"""Trace context (https://www.w3.org/TR/trace-context/): which trace a request belongs to, as its header `traceparent` says."""

from __future__ import annotations

import re

HEADER = "traceparent"

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def parent(value: str | None) -> str | None:
    """The header as it is handed on, None where it is missing or not as the standard has it: then there is no trace.

    A later version is read as far as this one goes, and handed on as this one.
    """
    found = _FORM.fullmatch(value) if value else None
    if not found:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not trace.strip("0") or not span.strip("0"):
        return None
    return f"00-{trace}-{span}-{flags}"


def trace_id(value: str | None) -> str | None:
    """The trace in such a header: what logs of all services have in common."""
    found = parent(value)
    return found.split("-")[1] if found else None
