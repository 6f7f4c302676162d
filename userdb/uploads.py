"""A body of multipart/form-data becomes the only file in it: read here, so that both apps refuse the same of it."""

from __future__ import annotations

import re

from userdb.errors import BadRequest, Invalid, UnsupportedMediaType

LARGEST = 5_242_880
"""Bytes of a body with a file in it, 5 MB; nginx refuses more before an app does, with the same answer."""

FIELD = "file"
"""The name of the only field."""

LARGEST_HEAD = 8192
"""Bytes of the headers of a part."""

_BOUNDARY = re.compile(r'(?i)multipart/form-data[ \t]*;[ \t]*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))[ \t]*\Z')
_DISPOSITION = re.compile(rb"(?im)^content-disposition:[ \t]*form-data[ \t]*(;.*)$")
_PARAMETER = re.compile(rb';[ \t]*([^\s=;]+)=("(?:[^"\\]|\\.)*"|[^\s;]*)')


def only_file(content_type: str | None, body: bytes) -> bytes:
    """What the file holds. Raises UnsupportedMediaType, BadRequest where the form is broken or cut off, and Invalid."""
    delimiter = b"--" + _boundary(content_type)
    head, separator, _ = body[: LARGEST_HEAD + 4].partition(b"\r\n\r\n")
    if not head.startswith(delimiter + b"\r\n") or not separator:
        raise BadRequest("The form is malformed.")
    start = len(head) + len(separator)
    end = body.find(b"\r\n" + delimiter, start)
    if end < 0:
        raise BadRequest("The form is cut off.")
    after = body[end + 2 + len(delimiter) : end + 8 + len(delimiter)]
    if after.startswith(b"\r\n"):
        raise Invalid(errors=[(FIELD, "must be the only field of the form")])
    if after not in (b"--", b"--\r\n"):
        raise BadRequest("The form does not end as it should.")
    if _name(head) != FIELD.encode():
        raise Invalid(errors=[(FIELD, "is missing")])
    return body[start:end]


def _boundary(content_type: str | None) -> bytes:
    """What stands between the parts. Raises UnsupportedMediaType or BadRequest."""
    if (content_type or "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise UnsupportedMediaType("The body must be multipart/form-data.")
    found = _BOUNDARY.match((content_type or "").strip())
    if found is None:
        raise BadRequest("The form names no boundary, or a malformed one.")
    return (found[1] or found[2]).encode("latin-1")


def _name(head: bytes) -> bytes | None:
    """The name of the field whose headers these are."""
    found = _DISPOSITION.search(head.replace(b"\r\n", b"\n"))
    parameters: dict[bytes, bytes] = dict(_PARAMETER.findall(found[1])) if found else {}
    return parameters.get(b"name", b"").strip(b'"')
