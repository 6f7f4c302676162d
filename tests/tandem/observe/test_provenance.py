"""Where numbers come from."""

from __future__ import annotations

from importlib import metadata

from tandem.observe import provenance
from tests.support.stacks import USERDB


def test_versions_are_those_of_the_app_s_packages_and_of_the_generator() -> None:
    found = provenance.versions(["flask", "no-such-package"])
    assert found["flask"] == metadata.version("flask")
    assert {"locust", "gevent"} <= set(found)
    assert "no-such-package" not in found


def test_what_both_apps_run_on_matters() -> None:
    assert {"flask", "gunicorn", "starlette", "uvicorn", "sqlalchemy", "pysqlite3"} <= set(USERDB.packages)
