"""The schema of `summary.json`: committed, current, and satisfied by what is written."""

from __future__ import annotations

import json
import subprocess
import sys

import jsonschema
import msgspec
import pytest

from tandem.judge.summary import summarise
from tandem.report import schema
from tandem.report.document import document
from tests.support.synthetic import synthesise


@pytest.mark.usefixtures("processes")
def test_the_committed_schema_is_the_current_one() -> None:
    printed = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tandem.report.schema"], capture_output=True, text=True, check=True
    ).stdout
    assert schema.COMMITTED.read_text(encoding="utf-8") == schema.schema_text() == printed


@pytest.mark.parametrize("measured", [0, 3, 9])
def test_documents_satisfy_the_schema(measured: int) -> None:
    written = json.loads(msgspec.json.encode(document(summarise(synthesise(measured=measured)))))
    jsonschema.Draft202012Validator.check_schema(schema.schema())
    jsonschema.validate(written, schema.schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "rounds_complete": "nine"}, schema.schema())
