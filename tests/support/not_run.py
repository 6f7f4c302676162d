"""What could not be run is said in the last lines; where everything must be run, as in CI, it is a failure."""

from __future__ import annotations

import os

import pytest

from tests.support.engines import NO_ENGINE


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything must be run, as in CI, fail if anything was not, but for what CI has nothing to run it with."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("REQUIRE_ALL") == "1" and reporter is not None and not_run(reporter) - {NO_ENGINE}:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what could not be run, and how to have it run."""
    for reason in sorted(not_run(terminalreporter)):
        terminalreporter.write_line(f"NOT RUN, {reason}")


def not_run(reporter: pytest.TerminalReporter) -> set[str]:
    """Why tests were skipped."""
    skipped = reporter.getreports("skipped")
    return {str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped if report.longrepr}
