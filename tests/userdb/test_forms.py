from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userdb import forms, urls
from userdb.errors import BadRequest, Invalid, NotFound
from userdb.models import User

USER = User(7, "ada", "ada@example.org", 36, "2026-01-01T00:00:07Z", 3)


@given(st.text())
def test_an_id_is_ascii_digits_in_range_or_not_found(text: str) -> None:
    try:
        found = urls.user_id(text)
    except NotFound:
        assert not (text.isascii() and text.isdigit() and 1 <= int(text) < 2**63 and len(text) < 20)
    else:
        assert 1 <= found < 2**63
        assert int(text) == found


@given(st.binary(max_size=60))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    try:
        values = urls.parameters(query, ("a", "b"))
    except (BadRequest, Invalid):
        return
    assert set(values) <= {"a", "b"}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_quoted_value_comes_back(text: str) -> None:
    assert urls.parameters(f"a={quote(text)}".encode(), ("a",)) == {"a": text}


def test_plus_is_a_space_and_empty_pairs_are_nothing() -> None:
    assert urls.parameters(b"a=1+2&&b=", ("a", "b")) == {"a": "1 2", "b": ""}


def test_an_unknown_parameter_matters_only_where_strict() -> None:
    assert urls.parameters(b"a=1&x=2", ("a",), strict=False) == {"a": "1"}
    with pytest.raises(Invalid):
        urls.parameters(b"a=1&x=2", ("a",))


@given(st.binary(max_size=200))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    for read in (forms.user_form, forms.user_change):
        with suppress(BadRequest, Invalid):
            read("application/json", body)


@given(
    st.from_regex(r"[A-Za-z0-9._-]{1,80}", fullmatch=True),
    st.from_regex(r"[a-z.]{1,50}@[a-z.]{1,50}", fullmatch=True),
    st.integers(0, 150) | st.none(),
)
def test_every_valid_form_is_read(username: str, email: str, age: int | None) -> None:
    body = b'{"username":"%s","email":"%s","age":%s}' % (
        username.encode(),
        email.upper().encode(),
        b"null" if age is None else str(age).encode(),
    )
    assert forms.user_form("application/json", body) == forms.UserForm(username, email, age)


def test_a_change_leaves_what_it_does_not_name() -> None:
    change = forms.user_change("application/json", b'{"email":"NEW@example.org"}')
    assert change.applied_to(USER) == forms.UserForm("ada", "new@example.org", 36)
    assert forms.user_change("application/json", b'{"age":null}').applied_to(USER).age is None


def test_a_form_replaces_everything() -> None:
    form = forms.user_form("application/json", b'{"username":"b","email":"b@c"}')
    assert form.applied_to(USER) == forms.UserForm("b", "b@c", None)
