"""Tables: TOML files whose tables are read into structs, with errors that name the file, the table and the field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tandem.errors import TandemError

T = TypeVar("T")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def read(file: Path, what: str) -> dict[str, Any]:
    """Return the tables of a file, which is `what` in errors. Raises TandemError."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TandemError(f"the {what} file {file} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, lists in lists in lists
        raise TandemError(f"the {what} file {file} is not TOML that can be read: {error}") from error


def convert(table: object, kind: type[T], where: str) -> T:
    """Return a table as a struct. Raises TandemError."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise TandemError(f"{where}: {str(error).replace('`$.', '`')}") from error


def whole_number(text: str, least: int, most: int) -> int | None:
    """Return a whole number within bounds, None for all else; thousands of digits are never computed with."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    value = int(text)
    return value if least <= value <= most else None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders, such as {port}, filled in; one that has no value stays as it is."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def unknown_placeholders(texts: Sequence[str], known: set[str]) -> list[str]:
    """Return the placeholders in these texts that are not known."""
    return sorted(set(_PLACEHOLDER.findall(" ".join(texts))) - known)
