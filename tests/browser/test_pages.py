"""The pages in a real browser: what a person sees, what fails to load, what the console says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tandem import report
from tests.tandem import synthetic

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Offline: no name resolves, so that nothing leaves this machine, not even what Chromium asks for by itself.
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--virtual-time-budget=3000",
    "--enable-logging=stderr", "--log-level=0", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
OWN = re.compile(r"https?://[\w.-]*google(?:apis)?\.com[/:]")


class Visit(NamedTuple):
    """What came of opening an address: the document, what the console said, and every address that was asked for."""

    document: str
    console: list[str]
    asked: set[str]


def browser() -> str:
    """Return the browser. A person may lack one, and is told so in the last lines; CI may not."""
    if BROWSER is None:
        missing = "no Chromium on this machine: install one (Debian's package is called chromium)"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return BROWSER


def browse(url: str, folder: Path, *more: str) -> Visit:
    """Open an address in a browser with a fresh profile below `folder`."""
    log = folder / "net.json"
    command = [
        browser(),
        *OPTIONS,
        f"--user-data-dir={folder / 'profile'}",
        f"--log-net-log={log}",
        *more,
        "--dump-dom",
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    asked = {found for found in re.findall(r'"url":"(https?://[^"]+)"', log.read_text()) if not OWN.match(found)}
    return Visit(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line], asked)


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/", "User database"),
        ("/users", "Users"),
        ("/users/7", "user0000007"),
        ("/docs", "API"),
        ("/nope", "Not Found"),
    ],
)
def test_a_page_loads_what_is_ours_and_nothing_else(stack_url: str, tmp_path: Path, path: str, heading: str) -> None:
    visit = browse(stack_url + path, tmp_path)
    assert f"<h1>{heading}</h1>" in visit.document
    root = stack_url + "/"
    needed = {stack_url + path, root + "static/style.css"} | ({root + "static/docs.js"} if path == "/docs" else set())
    # The log may also name the origin, and the icon, which the browser asks for when it has the time.
    assert needed <= visit.asked <= needed | {root, root + "static/icon.svg"}
    assert [line for line in visit.console if path != "/nope" or "404 (Not Found)" not in line] == []


def test_the_style_sheet_is_applied(asgi_url: str, tmp_path: Path) -> None:
    page = browse(asgi_url + "/users", tmp_path).document
    # The same document without its sheet, and once more with one that isn't there: these two must look alike.
    plain, broken = tmp_path / "plain.html", tmp_path / "broken.html"
    plain.write_text(re.sub(r'<link rel="stylesheet"[^>]*>', "", page))
    broken.write_text(page)

    def picture(name: str, url: str) -> bytes:
        (tmp_path / name).mkdir()
        file = tmp_path / name / "page.png"
        browse(url, tmp_path / name, f"--screenshot={file}", "--window-size=390,800")
        return file.read_bytes()

    unstyled = picture("plain", plain.as_uri())
    assert picture("broken", broken.as_uri()) == unstyled
    assert picture("styled", asgi_url + "/users") != unstyled


def test_the_report_opens_offline_and_asks_for_nothing(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthetic.synthesise())
    report.write(tmp_path)
    visit = browse((tmp_path / "report.html").as_uri(), tmp_path)
    assert "<svg" in visit.document
    assert (visit.asked, visit.console) == (set(), [])
