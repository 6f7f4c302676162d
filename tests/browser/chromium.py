"""The browser of the tests: the Chromium of this machine, which types and clicks for us and reaches nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FOUND = next((path for name in NAMES if (path := shutil.which(name))), None)
MISSING = "no Chromium on this machine: install one (on Debian: apt-get install chromium)"

PATIENCE = 60
"""Seconds that a page may take for anything; far more than it takes."""

# Offline: no name resolves, so that nothing leaves this machine, not even what Chromium asks for by itself.
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--in-process-gpu", "--disable-site-isolation-trials",  # fewer processes to start for every page
    "--disable-partial-raster",  # painted over in parts, corners come out a shade different from time to time
]  # fmt: skip


@contextmanager
def running() -> Iterator[Browser]:
    """Start it, and end it with the block. While it runs, no event loop of anybody else's can run in this thread."""
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=FOUND, args=OPTIONS) as browser:
        yield browser
