"""The only file in a form, or what is wrong with the form."""

from __future__ import annotations

import pytest

from tests.support.files import UPLOAD, upload
from userdb import uploads
from userdb.errors import BadRequest, Invalid, Problem, UnsupportedMediaType

TYPE = UPLOAD["Content-Type"]


@pytest.mark.parametrize("file", [b"", b"a", b"\r\n", b"--between", b"a\r\n--betwee\r\n", b"a\0\xff"])
def test_the_file_comes_out_as_it_went_in(file: bytes) -> None:
    assert uploads.only_file(TYPE, upload(file)) == file


@pytest.mark.parametrize(
    ("content_type", "disposition"),
    [
        ('multipart/form-data; boundary="between"', "form-data; name=file"),
        ("Multipart/Form-Data;boundary=between", 'form-data; filename="name=more"; name="file"'),
    ],
)
def test_other_ways_to_say_the_same(content_type: str, disposition: str) -> None:
    assert uploads.only_file(content_type, upload(b"a", disposition)) == b"a"


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        (None, upload(b"a"), UnsupportedMediaType),
        ("text/csv", b"a", UnsupportedMediaType),
        ("multipart/form-data", upload(b"a"), BadRequest),
        ("multipart/form-data; boundary=", upload(b"a"), BadRequest),
        ("multipart/form-data; boundary=" + "b" * 71, upload(b"a"), BadRequest),
        ("multipart/form-data; boundary=other", upload(b"a"), BadRequest),
        (TYPE, b"", BadRequest),
        (TYPE, b"--between--\r\n", BadRequest),
        (TYPE, upload(b"a")[:-1], BadRequest),
        (TYPE, upload(b"a")[:-4], BadRequest),
        (TYPE, upload(b"a")[:-20], BadRequest),
        (TYPE, upload(b"a") + b"more", BadRequest),
        (TYPE, b"--between\r\nX: " + b"a" * 9000 + b"\r\n\r\na\r\n--between--", BadRequest),
        (TYPE, upload(b"a", 'form-data; name="more"'), Invalid),
        (TYPE, upload(b"a", 'attachment; name="file"'), Invalid),
        (TYPE, upload(b"a\r\n--between\r\n"), Invalid),
    ],
)
def test_what_is_no_such_form(content_type: str | None, body: bytes, error: type[Problem]) -> None:
    with pytest.raises(error):
        uploads.only_file(content_type, body)
