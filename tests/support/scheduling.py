"""Which tests run in one process where there are several, and which come first."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from tests.support.apps import APPS, STORES
from tests.support.stacks import STACKS

NEAR = [f"{app} {store} on SQLite" for store in STORES for app in APPS]
FAR = [*(f"{app} {store} on PostgreSQL" for store in STORES for app in APPS), *STACKS]


LONGEST = (
    "tests/browser/", "tests/fuzz/", "tests/loadtest/", "tests/selftest/", "tests/servers/", "tests/stack/test_command.py",
    "tests/tandem/experiments/", "tests/tandem/report/",
)  # fmt: skip
"""Where the tests are that take longest."""

TOGETHER = (
    ("tests/stack/test_command.py", "tests/tandem/experiments/test_postgresql.py"),  # a clone runs one comparison at a time
    ("tests/stack/test_raw_sockets.py", "tests/stack/test_same_answers.py"),  # they ask the same five stacks
    ("tests/servers/",),  # all servers are held against what one answers
    ("tests/browser/test_views.py",), ("tests/browser/",),  # one browser and two stacks for all pages, and for the rest
)  # fmt: skip
"""Files and folders whose tests share what is costly, or must not run beside each other; the first that fits counts."""

AT_A_CLIENT = (
    "tests/contract/", "tests/security/", "tests/stack/test_accounts.py", "tests/stack/test_concurrency.py",
    "tests/stack/test_hashing.py", "tests/stack/test_untrusted.py",
)  # fmt: skip
"""Where many tests ask one client after another, documented stacks among them."""


class BySharedFixtures(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Keeps the tests of a file together, and of one client where it has several; or as `TOGETHER` says.

    Those of PostgreSQL, which is one server, are kept together over all files, and so are those of a WSGI stack where it is a
    client like the others: it takes longer to start than many of them.
    """

    def _split_scope(self, nodeid: str) -> str:
        """Name what a test belongs to. (xdist_group would do, but xdist 3.8 can't write it into the ids of pytest 9.2.)"""
        if "on PostgreSQL" in nodeid:
            return "PostgreSQL"
        if together := next((places for places in TOGETHER if nodeid.startswith(places)), ()):
            return together[0]
        client = next((name for name in (*NEAR, *FAR) if f"[{name}" in nodeid), "")
        if client.startswith("wsgi-") and nodeid.startswith(AT_A_CLIENT):
            return client  # `asgi` is the name of an app, too, and started by other tests anyway
        return f"{nodeid.partition('::')[0]} {client}"
