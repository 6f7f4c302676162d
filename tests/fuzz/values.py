"""Values as they stand in URLs and headers: good, odd, and oddly encoded."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from userdb.operations import Parameter

ODD_TEXT = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="%aA0+&=;#?/\\.\u0000\u00e9\u20ac\U0001f600\u0660\ufeff", max_size=8),
    st.sampled_from(["", " ", "null", "true", "NaN", "-0", "1e3", "0x10", "07", "١٢", "a" * 81, "a" * 3000, "..", "%00", "%2F"]),
)  # fmt: skip
BROKEN = st.sampled_from(
    [
        "%",
        "%z",
        "%e2%82",
        "%C3",
        "%FF",
        "%00",
        "%2",
        "+",
        "%2B",
        "%25",
        "7%0A",
        "%0A",
        "7%0D",
        "7%20",
        '"<>',
        "{|}",
        "\\^`",
        "[",
        "#",
    ]
)

IDS = st.integers(1, 55)
"""Users of the databases, and some that are not there yet."""

TAGS = st.integers(0, 3).map(lambda number: f'"{number or 1}"')
"""Mostly the one of a user who has not changed."""

ODD_TAGS = st.sampled_from(
    ["*", "", 'W/"1"', '"', '"1', "1", '"1" "2"', ",", '"1",,"2"', '"é"', '"' + "1" * 2000 + '"', '"2"', '"1", "2"']
)

PIECES = st.sampled_from(
    ["/", "//", "%2F", "%2f", ".", "/.", "/..", "/../", "%2e%2e/", "%00", "%0A", "%0D", "%20", "%09", "%7F", "%C3%A9", "%FF", "%",
     "%zz", ";", ";a=b", ":", "@", "\\", "#", "?", "&", "+", "*", "[", "|", '"', "a"]
)  # fmt: skip
"""What makes another path of a path."""

WAYS = st.sampled_from(
    ["/", "/users", "/users/7", "/users/7/edit", "/users?limit=3&q=user", "//localhost", "/\\localhost", "https://localhost",
     "", "users", "/é", "/a b", "/%0d%0aSet-Cookie:%20a=b", "/?next=/", "/<script>", "/" + "a" * 501, "/\t/localhost", "/%zz"]
)  # fmt: skip
"""Where a person wants to go after logging in, or is sent by somebody else."""


def chance(draw: DrawFn, of: int) -> bool:
    """True once in so many times; a failure that is made small comes to False."""
    return draw(st.integers(0, of - 1)) == of - 1


def mostly(good: SearchStrategy[Any], odd: SearchStrategy[Any], of: int = 5) -> SearchStrategy[Any]:
    """What is odd once in so many times: a fuzzer that is always refused at the door tests the door."""
    return st.integers(0, of - 1).flatmap(lambda number: odd if number == of - 1 else good)


def encoded(text: str) -> SearchStrategy[str]:
    """Ways to write a text into a URL; none of them holds a byte that no URL may hold."""
    return st.sampled_from(
        [quote(text, safe=""), quote(text, safe="/:@!$'()*,;"), quote(text, safe="").replace("%20", "+")]
    )


ODD = ODD_TEXT.flatmap(encoded) | BROKEN


def value(parameter: Parameter) -> SearchStrategy[str]:
    """Values of a parameter, as they stand in a URL or a header."""
    schema = parameter.schema
    if schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        good = IDS if parameter.place == "path" else st.integers(low, min(high, 70))
        bad = st.sampled_from([low - 1, low, high, high + 1, 10**40]) | st.integers()
        return mostly(good.map(str), bad.map(str) | ODD, 12)
    if parameter.place == "header":
        return mostly(TAGS | st.lists(TAGS, max_size=3).map(", ".join), ODD_TAGS)
    if parameter.name == "next":
        return WAYS.flatmap(encoded) | ODD
    return mostly(st.sampled_from(["user", "user00000", "USER", "admin", "zo"]), ODD)


@st.composite
def odd_path(draw: DrawFn, path: str) -> str:
    """A path with a letter that is encoded without need, or with something put into it."""
    number = draw(st.integers(0, len(path) - 1))
    if path[number].isalpha() and not chance(draw, 2):
        return f"{path[:number]}%{ord(path[number]):02x}{path[number + 1 :]}"
    return f"{path[:number]}{draw(PIECES)}{path[number:]}" if number else path + draw(PIECES)


@st.composite
def query(draw: DrawFn, parameters: tuple[Parameter, ...]) -> str:
    """A query string: parameters as they are known, left out, doubled, unknown."""
    known = [parameter for parameter in parameters if parameter.place == "query"]
    pairs = [(each.name, draw(value(each))) for each in known if each.required or not chance(draw, 4)]
    if chance(draw, 25):
        pairs += draw(st.lists(st.tuples(ODD_TEXT.flatmap(encoded), ODD), max_size=2))
    if pairs and chance(draw, 20):
        pairs.append(draw(st.sampled_from(pairs)))
    text = "&".join(f"{name}={each}" for name, each in pairs)
    return text + (draw(st.sampled_from(["&", "?", "&&=", "&x"])) if chance(draw, 25) else "")
