"""Values: what stands behind an option, read and refused in words."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from tandem.plan import tables


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the argument type of a whole number within bounds."""

    def convert(text: str) -> int:
        value = tables.whole_number(text, least, most)
        if value is None:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {least} to {most}")
        return value

    return convert


def names(text: str) -> list[str]:
    """Return a list that commas separate."""
    return [name.strip() for name in text.split(",") if name.strip()]


def number(text: str) -> float:
    """Return a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number above 0")
    return value


def seconds(text: str) -> float:
    """Return a number of seconds up to a minute."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 60")
    return value


def setting(text: str) -> tuple[str, str]:
    """Return the name and the value of an environment variable."""
    name, equals, value = text.partition("=")
    if not name or not equals or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not NAME=VALUE")
    return name, value
