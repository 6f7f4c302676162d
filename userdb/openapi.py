"""The description of the API, OpenAPI 3.1, from the same types and limits as the validation.

`python -m userdb.openapi` prints it as it is committed, indented; both apps serve it compact.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from userdb import answers, statuses, uploads
from userdb.operations import OPERATIONS, Operation, Parameter, Schema

TITLE = "User database"
VERSION = "1"
JSON, PROBLEM, FORM = "application/json", "application/problem+json", "multipart/form-data"

UPLOAD: Schema = {
    "type": "object",
    "properties": {uploads.FIELD: {"type": "string", "contentMediaType": "text/csv"}},
    "required": [uploads.FIELD],
    "additionalProperties": False,
}

HEADERS: dict[str, Schema] = {
    "location": {"description": "Where it is.", "schema": {"type": "string"}},
    "content-disposition": {"description": "What the file is called.", "schema": {"type": "string"}},
    "etag": {"description": "The strong entity tag of this state.", "schema": {"type": "string"}},
    "www-authenticate": {"description": "How to show who asks.", "schema": {"type": "string"}},
    "set-cookie": {
        "description": "Makes this a known device, which strangers can't keep out.",
        "schema": {"type": "string"},
    },
    "retry-after": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}


def document() -> dict[str, Any]:
    """The whole description."""
    found = [each for operation in OPERATIONS for each in (operation.body, operation.answer) if each is not None]
    kinds: list[type[Any]] = list(dict.fromkeys([*found, answers.ProblemDetails]))
    shapes, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schemas = dict(zip(kinds, shapes, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _plain(components), "responses": {str(status): _problem(status) for status in _errors()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }  # fmt: skip


def _errors() -> list[int]:
    return sorted({status for operation in OPERATIONS for status in operation.errors})


def _operation(operation: Operation, schemas: dict[type[Any], Schema]) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary}
    if operation.secured:
        found["security"] = [{"token": []}]
    if operation.parameters:
        found["parameters"] = [_parameter(each) for each in operation.parameters]
    if operation.body is not None:
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": schemas[operation.body]}}}
    if operation.upload:
        found["requestBody"] = {"required": True, "content": {FORM: {"schema": UPLOAD}}}
    answer: dict[str, Any] = {"description": operation.summary}
    if operation.headers:
        answer["headers"] = {name: HEADERS[name] for name in operation.headers}
    if operation.download:
        answer["content"] = {operation.download: {"schema": {"type": "string"}}}
    if operation.answer is not None:
        answer["content"] = {JSON: {"schema": schemas[operation.answer]}}
    responses = {str(operation.status): answer}
    if operation.unchanged:
        responses["304"] = {"description": "The client has this state already.", "headers": {"etag": HEADERS["etag"]}}
    responses |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in operation.errors}
    return {**found, "responses": responses}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _problem(status: int) -> dict[str, Any]:
    """The answer of an error; whoever is told to come again is told when, and who is refused, how to show who asks."""
    found: dict[str, Any] = {"description": statuses.TITLES[status]}
    if name := {401: "www-authenticate", 429: "retry-after", 503: "retry-after"}.get(status):
        found["headers"] = {name: HEADERS[name]}
    return {**found, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}}


def _plain(schema: Any) -> Any:
    r"""A schema whose patterns every language reads alike: `\Z` is Python's, and `$` means the same in JSON Schema."""
    if isinstance(schema, dict):
        return {
            key: value.replace(r"\Z", "$") if key == "pattern" and isinstance(value, str) else _plain(value)
            for key, value in schema.items()
        }
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema


DOCUMENT = msgspec.json.encode(document())
"""The bytes that both apps serve."""


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2, ensure_ascii=False) + "\n")
