"""What is said before anything else is imported: the Python, the platform or a library is not the right one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tandem import __main__
from tandem.paths import PROJECT


@pytest.mark.parametrize(
    ("version", "platform", "call", "says"),
    [
        ((3, 10), "linux", ["--help"], "Python 3.11 or later is needed and this is 3.10"),
        ((3, 12), "darwin", ["compare"], "`tandem compare` needs Linux"),
        ((3, 12), "darwin", ["capacity"], "`tandem capacity` needs Linux"),
        ((3, 12), "win32", ["serve", "asgi"], "`tandem report` and `tandem stacks` work here"),
    ],
)
def test_an_unsupported_platform_is_a_sentence(
    version: tuple[int, int], platform: str, call: list[str], says: str
) -> None:
    assert says in str(__main__.objection(version, platform, call))


def test_supported_platforms_and_commands_pass() -> None:
    assert __main__.objection((3, 11), "linux", ["compare"]) is None
    assert __main__.objection((3, 13), "darwin", ["report", "results/latest"]) is None


@pytest.mark.usefixtures("processes")
def test_a_missing_library_is_a_sentence() -> None:
    code = "import sys; sys.modules['msgspec'] = None; from tandem.__main__ import main; sys.exit(main(['stacks']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "the library msgspec is missing: run `make setup`" in done.stderr
