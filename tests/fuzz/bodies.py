"""Bodies: JSON as the API takes it, fields as a page's form sends them; good, odd, doubled, unknown, missing, broken."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from urllib.parse import quote_plus

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.fuzz.values import ODD, ODD_TEXT, WAYS, chance, mostly
from userdb.forms import LoginForm
from userdb.passwords import SEEDED

NEW_NAMES = st.integers(0, 400).map("zoe-{}".format)
NAMES = mostly(NEW_NAMES, st.sampled_from(["zoe", "Zoe", "zo.e-_1", "admin", "user0000005"]))
KNOWN_NAMES = st.sampled_from(["admin", "user0000002", "user0000003", "user0000007"])

# Only the last three are taken and cost the time that a password takes.
PASSWORDS = st.sampled_from(
    ["", "a" * 7, "a" * 129, "é" * 129, "a" * 5000, " " * 7, "a" * 8, "é" * 128, "\U0001f600 and \u0000 " + SEEDED]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=3),
    max_leaves=6,
)
GOOD: dict[str, SearchStrategy[Any]] = {
    "username": NAMES,
    "email": NEW_NAMES.map("{}@Example.org".format),
    "age": st.integers(0, 150) | st.none(),
    "password": PASSWORDS,
}
SELDOM = {"password": 10}
"""What is named only once in so many times where it need not be."""

LOGIN: dict[str, SearchStrategy[Any]] = {
    "username": mostly(KNOWN_NAMES, NAMES),
    "password": mostly(
        st.just(SEEDED), st.sampled_from(["wrong", "", "a" * 128, "a" * 129, SEEDED + "\u0000", "\ud800"])
    ),
}

JSON_TYPES = mostly(
    st.just("application/json"),
    st.sampled_from(
        ["application/json; charset=utf-8", "Application/JSON", "text/plain", "application/json,text/plain", "",
         "application/jsonx", ";", "application/x-www-form-urlencoded"]
    ), 16,
)  # fmt: skip
FORM_TYPES = mostly(
    st.just("application/x-www-form-urlencoded"),
    st.sampled_from(
        ["application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-Urlencoded;", "text/plain", "",
         "multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded,text/plain"]
    ), 16,
)  # fmt: skip

Body = tuple[str | None, bytes]
"""Its content type, None where none is named, and its bytes."""

NO_BODY: Body = (None, b"")


@st.composite
def of_json(draw: DrawFn, form: type[Any] | None) -> Body:
    """A body for a form of the API, by the fields that it has."""
    known = [each.name for each in msgspec.structs.fields(form)] if form else [*GOOD]
    good = LOGIN if form is LoginForm else GOOD
    seldom = {} if form is LoginForm else SELDOM
    fields = {
        name: draw(good.get(name, ANYTHING)) for name in known if chance(draw, seldom.get(name, 16)) == (name in seldom)
    }
    if chance(draw, 14):
        for name in draw(st.lists(st.sampled_from([*known, "id", "version", "", "userName"]), min_size=1, max_size=2)):
            fields[name] = draw(ANYTHING)
    given: Any = draw(st.sampled_from([[fields], "x"])) if chance(draw, 20) else fields
    text = json.dumps(given, ensure_ascii=draw(st.booleans()))
    data = text.encode("utf-8", "surrogatepass")
    if chance(draw, 16):
        spoiled = [
            data[:-1], data + b" ", data + b"x", b"\xef\xbb\xbf" + data, text.encode("utf-16", "surrogatepass"),
            data.replace(b"{", b'{"age":1,"age":2,', 1), data.replace(b'"', b"'"), b"", b"null", b"[" * 60, b" " * 70_000,
            draw(st.binary(max_size=20)),
        ]  # fmt: skip
        data = draw(st.sampled_from(spoiled))
    return None if chance(draw, 30) else draw(JSON_TYPES), data


@st.composite
def of_upload(draw: DrawFn) -> Body:
    """A form with a file: mostly users as CSV, sometimes with a line or a boundary that is none."""
    good = st.builds("{},{}@Example.org,{}".format, NAMES, NEW_NAMES, st.integers(0, 150) | st.just(""))
    lines = draw(st.lists(mostly(good, ODD_TEXT, 12), max_size=4))
    columns = draw(
        mostly(st.just("username,email,age"), st.sampled_from(["", "email", "\ufeffage,email,username", "id"]), 12)
    )
    text = "\r\n".join([columns, *lines]).encode("utf-8", "surrogatepass")
    data = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + text + b"\r\n--x--\r\n"
    if chance(draw, 12):
        data = draw(
            st.sampled_from(
                [data[:-6], data + b"x", data.replace(b"file", b"more"), data[2:], data.replace(b",", b'"')]
            )
        )
    return draw(mostly(st.just("multipart/form-data; boundary=x"), FORM_TYPES, 16)), data


@st.composite
def of_form(draw: DrawFn, path: str, known: Collection[str], who: str) -> Body:
    """The fields of a page's form, with the hidden one of a session; `+` and `%20` are both a space."""
    fields = {name: draw(_good_field(path, name)) for name in known if not chance(draw, 30)}
    pairs = [(name, quote_plus(each, errors="surrogatepass")) for name, each in fields.items()]
    if not chance(draw, 20):
        pairs.insert(0, ("csrf", f"{{csrf:{who}}}"))
    if chance(draw, 12):
        pairs.append((draw(st.sampled_from([*known, "csrf", "id", "_method", ""])), draw(ODD)))
    if chance(draw, 20) and pairs:
        pairs[draw(st.integers(0, len(pairs) - 1))] = draw(st.tuples(ODD, ODD))
    text = "&".join(f"{name}={each}" for name, each in pairs)
    if chance(draw, 20):
        broken = [
            text.replace("&", ";"),
            text + "&",
            "&" + text,
            text.replace("=", ""),
            "",
            "\ufeff" + text,
            text + "&é=1",
            "{}",
        ]
        text = draw(st.sampled_from(broken))
    return None if chance(draw, 30) else draw(FORM_TYPES), text.encode("utf-8", "surrogatepass")


def _good_field(path: str, name: str) -> SearchStrategy[str]:
    if path == "/login":
        return {**LOGIN, "next": WAYS}.get(name, ODD_TEXT)
    if name == "password":  # empty where none is meant
        return mostly(st.just("a" * 8), PASSWORDS) if path == "/register" else mostly(st.just(""), PASSWORDS, 8)
    if name == "version":
        return mostly(st.just("1"), st.sampled_from(["", "0", "2", "01", " 1", "1x", '1", "2', "*", "-1", "9" * 30]))
    if name == "age":
        return mostly(
            st.integers(0, 150).map(str) | st.just(""),
            st.sampled_from(["151", "-1", "1.5", " 7 ", "٧", "07", "9" * 10]),
        )
    return GOOD.get(name, ODD_TEXT).map(str)
