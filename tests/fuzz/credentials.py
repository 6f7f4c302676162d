"""Who asks: the headers Authorization and Cookie, mostly of somebody who may, and what browsers say of where a form was."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.step import Pairs
from tests.fuzz.values import mostly

GONE = 70_000
"""The id of an account that is not there, with sessions that would hold if it were."""

ODD_TOKENS = [
    "Bearer {bearer:2}", f"Bearer {{bearer:{GONE}}}", "Bearer {bearer:0}", "Bearer {forged:1}", "Bearer {expired:1}",
    "Bearer {outdated:2}", "Bearer {flashed:1}", "bearer {bearer:1}", "BEARER  {bearer:1}", "Bearer\t{bearer:1}",
    "Bearer {bearer:1} ", "Bearer {bearer:1}x", "Bearer x{bearer:1}", "Bearer{bearer:1}", "Bearer {csrf:1}", "Token {bearer:1}",
    "Basic YWRtaW46Y29ycmVjdC1ob3JzZQ==", "{bearer:1}", "", "Bearer", "Bearer ", "Bearer .", "Bearer é", "Bearer a.b",
    "Bearer \udcff", "Bearer " + "a" * 3000, "Bearer {bearer:1},Bearer {bearer:1}", "Bearer {bearer:1}, x",
    'Bearer token="{bearer:1}"',
]  # fmt: skip

ODD_COOKIES = [
    "a=b; session={session:1}", "session={session:1}; session={session:2}", "session={session:2};session={session:1}",
    "session=; session={session:1}", "session={forged:1}", "session={expired:1}", "session={outdated:2}",
    f"session={{session:{GONE}}}", "session={flashed:1}", "session={flashed:0}", "session={session:1}x", "session={csrf:1}",
    "Session={session:1}", 'session="{session:1}"', " session = {session:1} ", "session={session:1},session={session:2}",
    "session", "session=", "=", ";;;", "session=é", "a=é; session={session:1}", "session={session:1}\t;", "a=" + "b" * 3000,
    "session=\udcff", "\udcff=\udc80; session={session:1}",
    "$Version=1; session={session:1}; $Path=/", "session%3D{session:1}", "session=%7B; session={session:1}",
]  # fmt: skip

ODD_SITES = ["none", "same-site", "cross-site", "", "Same-Origin", "same-origin, cross-site", "é", "?1"]
ODD_ORIGINS = [
    "null", "http://localhost:99", "https://localhost", "HTTP://LOCALHOST", "http://evil.example", "", "é", "\udcff",
    "http://localhost/",
]  # fmt: skip


def authorization(user_id: str) -> SearchStrategy[Pairs]:
    """The token of the administrator, or of the user himself; now and then none, an odd one or two."""
    own = f"Bearer {{bearer:{user_id}}}" if _is_one(user_id) else "Bearer {bearer:1}"
    good = st.sampled_from(["Bearer {bearer:1}", own]).map(lambda value: [("Authorization", value)])
    odd = st.sampled_from(ODD_TOKENS).map(lambda value: [("Authorization", value)])
    two = st.tuples(good, good | odd).map(lambda pairs: pairs[0] + pairs[1])
    return mostly(good, odd | odd | two | st.just([]), 10)


def cookie(user_id: str) -> SearchStrategy[Pairs]:
    """The session of the administrator or of a user; now and then none, an odd one or two."""
    own = user_id if _is_one(user_id) else "2"
    good = st.sampled_from(["1", "1", own, "0"]).map(lambda who: [("Cookie", f"session={{session:{who}}}")])
    odd = st.sampled_from(ODD_COOKIES).map(lambda value: [("Cookie", value)])
    two = st.tuples(good, good | odd).map(lambda pairs: pairs[0] + pairs[1])
    return mostly(good, odd | odd | two | st.just([]), 6)


def origin(host: str) -> SearchStrategy[Pairs]:
    """What a browser says of the page that a form was on: the same, nothing, or that it is another one."""
    same_site, same = [("Sec-Fetch-Site", "same-origin")], [("Origin", f"http://{host}")]
    sites = st.sampled_from(ODD_SITES).map(lambda value: [("Sec-Fetch-Site", value)])
    origins = st.sampled_from(ODD_ORIGINS).map(lambda value: [("Origin", value)])
    mixed = st.tuples(sites | st.just(same_site), origins | st.just(same)).map(lambda pairs: pairs[0] + pairs[1])
    return mostly(st.sampled_from([[], same, same_site, same_site + same]), sites | origins | mixed, 10)


def _is_one(user_id: str) -> bool:
    return user_id.isascii() and user_id.isdigit() and len(user_id) < 4
