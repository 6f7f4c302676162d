"""Requests made from the description of the API: valid, invalid, oddly encoded, long, doubled, missing."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from userdb import openapi
from userdb.openapi import Operation, Parameter

Pairs = list[tuple[str, str]]

PAGES = (
    "/",
    "/users",
    "/users/{user_id}",
    "/docs",
    "/openapi.json",
    "/api",
    "/api/nope",
    "/nope",
    "/users/",
    "//users",
)
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

ODD_TEXT = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="%aA0+&=;#?/\\.\u0000\u00e9\u20ac\U0001f600\u0660\ufeff", max_size=8),
    st.sampled_from(["", " ", "null", "true", "NaN", "-0", "1e3", "0x10", "07", "١٢", "a" * 81, "a" * 3000, "..", "%00", "%2F"]),
)  # fmt: skip
BROKEN = st.sampled_from(
    ["%", "%z", "%e2%82", "%C3", "%FF", "%00", "%2", "+", "%2B", "%25", "7%0A", "%0A", "7%0D", "7%20"]
)


def encoded(text: str) -> SearchStrategy[str]:
    """Ways to write a text into an address; none of them holds a byte that no address may hold."""
    return st.sampled_from(
        [quote(text, safe=""), quote(text, safe="/:@!$'()*,;"), quote(text, safe="").replace("%20", "+")]
    )


def mostly(good: SearchStrategy[Any], odd: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """What is good four times of five: a fuzzer that is always refused at the door tests the door."""
    return st.integers(0, 4).flatmap(lambda draw: good if draw else odd)


def value(parameter: Parameter) -> SearchStrategy[str]:
    """Values of a parameter, as they stand in an address or a header."""
    schema = parameter.schema
    if schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        bad = st.sampled_from([low - 1, low, high, high + 1, 10**40]) | st.integers()
        return mostly(st.integers(low, min(high, 70)).map(str), bad.map(str) | ODD_TEXT.flatmap(encoded) | BROKEN)
    if parameter.place == "header":
        tags = st.integers(0, 3).map(lambda n: f'"{n}"')
        odd = st.sampled_from(
            ["*", "", 'W/"1"', '"', '"1', "1", '"1" "2"', ",", '"1",,"2"', '"é"', '"' + "1" * 2000 + '"']
        )
        return mostly(tags | st.lists(tags, max_size=3).map(", ".join), odd)
    names = st.sampled_from(["user", "user00000", "USER", "admin", "zo"])
    return mostly(names, ODD_TEXT.flatmap(encoded) | BROKEN)


@st.composite
def query(draw: Any, parameters: list[Parameter]) -> str:
    """A query string: parameters as they are known, left out, doubled, unknown."""
    known = [parameter for parameter in parameters if parameter.place == "query"]
    pairs = [(each.name, draw(value(each))) for each in known if draw(st.integers(0, 3))]
    if draw(st.integers(0, 5)) == 0:
        pairs += draw(st.lists(st.tuples(ODD_TEXT.flatmap(encoded), ODD_TEXT.flatmap(encoded) | BROKEN), max_size=2))
    if pairs and draw(st.integers(0, 7)) == 0:
        pairs.append(draw(st.sampled_from(pairs)))
    text = "&".join(f"{name}={each}" for name, each in pairs)
    return str(text + draw(st.sampled_from(["", "", "", "", "&", "?", "&&=", "&x"])))


USERNAMES = st.sampled_from(["zoe", "Zoe", "zo.e-_1", "admin", "user0000005"]) | st.integers(0, 400).map(
    "zoe-{}".format
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=3),
    max_leaves=6,
)
GOOD: dict[str, SearchStrategy[Any]] = {
    "username": USERNAMES,
    "email": USERNAMES.map("{}@Example.org".format),
    "age": st.integers(0, 150) | st.none(),
}


@st.composite
def body(draw: Any) -> bytes:
    """A body of POST, PUT or PATCH."""
    fields = {name: draw(good) for name, good in GOOD.items() if draw(st.integers(0, 9))}
    odd = st.lists(st.sampled_from([*GOOD, "id", "version", "", "userName"]), min_size=1, max_size=2)
    for name in draw(mostly(st.just([]), odd)):
        fields[name] = draw(ANYTHING)
    text = json.dumps(draw(mostly(st.just(fields), st.sampled_from([[fields], "x"]))), ensure_ascii=draw(st.booleans()))
    data = text.encode("utf-8", "surrogatepass")
    spoiled = [
        data[:-1], data + b" ", data + b"x", b"\xef\xbb\xbf" + data, text.encode("utf-16", "surrogatepass"),
        data.replace(b"{", b'{"age":1,"age":2,', 1), data.replace(b'"', b"'"), b"", b"null", b"[" * 60,
        draw(st.binary(max_size=20)),
    ]  # fmt: skip
    return bytes(draw(mostly(st.just(data), st.sampled_from(spoiled))))


CONTENT_TYPES = st.sampled_from(
    ["application/json"] * 6
    + [
        "application/json; charset=utf-8",
        "Application/JSON",
        "text/plain",
        "application/json,text/plain",
        "",
        "application/jsonx",
        ";",
    ]
)


@st.composite
def request(draw: Any) -> bytes:
    """One request as bytes, on a connection that stays open."""
    operation: Operation = draw(st.sampled_from(openapi.OPERATIONS))
    method, path = operation.method, operation.path
    if draw(st.integers(0, 5)) == 0:
        path = draw(st.sampled_from(PAGES))
    if draw(st.integers(0, 9)) == 0:
        method = draw(st.sampled_from(METHODS))
    identifier = draw(value(openapi.ID)).replace("?", "%3F").replace("#", "%23").replace(" ", "%20")
    target = path.replace("{user_id}", identifier)
    found = draw(query(list(operation.parameters)))
    headers: Pairs = [("Host", "localhost")]
    for parameter in operation.parameters:
        if parameter.place == "header" and draw(st.booleans()):
            headers.append((parameter.name, draw(value(parameter))))
    data = b""
    if method in ("POST", "PUT", "PATCH") or draw(st.integers(0, 19)) == 0:
        data = draw(body())
        if draw(st.integers(0, 9)):
            headers.append(("Content-Type", draw(CONTENT_TYPES)))
    return written(method, f"{target}?{found}" if found else target, headers, data, draw(st.integers(0, 4)) == 0)


def written(method: str, target: str, headers: Pairs, data: bytes, chunked: bool) -> bytes:
    """The bytes of a request."""
    if data and chunked:
        headers = [*headers, ("Transfer-Encoding", "chunked")]
        data = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
    elif data or method in ("POST", "PUT", "PATCH"):
        headers = [*headers, ("Content-Length", str(len(data)))]
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {each}" for name, each in headers)]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + data
