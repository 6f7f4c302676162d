"""A test that does not say so starts no process: Python tells whatever starts one, and that test fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}
"""What Python calls the ways to start a process: https://docs.python.org/3/library/audit_events.html."""

_forbidden = False


def _audit(event: str, values: tuple[object, ...]) -> None:
    if _forbidden and event in STARTS:
        pytest.fail(f"{event} {values[:2]}: a test that starts a process asks for the fixture `processes`")


sys.addaudithook(_audit)


@contextmanager
def no_process_is_started() -> Iterator[None]:
    """Nothing in this block may start one."""
    global _forbidden
    _forbidden = True
    try:
        yield
    finally:
        _forbidden = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Hold a test without the mark to what it says: that it starts no process. At its end what others share may be stopped."""
    with guarded(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """The same."""
    with guarded(item):
        return (yield)


def guarded(item: pytest.Item) -> AbstractContextManager[None]:
    """Where such a test runs."""
    return nullcontext() if item.get_closest_marker("processes") else no_process_is_started()
