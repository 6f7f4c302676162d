"""Schema: the JSON Schema of `summary.json`, which is committed; `python -m tandem.report.schema` prints it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from tandem.judge.summary import VERSION
from tandem.report.document import Document

COMMITTED = Path(__file__).with_name("summary.schema.json")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `summary.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"tandem summary, version {VERSION}",
        **msgspec.json.schema(Document),
    }


def schema_text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
