"""`python -m tests.browser.live_screenshots FOLDER`: the live page before, during and after a block, in each size and scheme."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tandem.launch import ports
from tests.browser import chromium
from tests.browser.screenshots import SCHEMES, SIZES
from tests.support.command import command, wait_for


def main(arguments: list[str] | None = None) -> int:
    """Take them; return 0, or 2 where there is no browser."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.browser.live_screenshots", description=str(__doc__).partition(": ")[2]
    )
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where they go; files of the same names are replaced"
    )
    options = parser.parse_args(arguments)
    if chromium.FOUND is None:
        parser.error(chromium.MISSING)
    options.folder.mkdir(parents=True, exist_ok=True)
    port = ports.free_port()
    with tempfile.TemporaryDirectory(prefix="tandem-screenshots-") as folder:
        said = Path(folder) / "output.txt"
        with command("live", "--port", str(port), cwd=Path(folder)) as process, chromium.running() as browser:
            wait_for(process, said, lambda: "blocking, live: " in said.read_text())
            for size, (width, height) in SIZES.items():
                for scheme in SCHEMES:
                    with browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=scheme
                    ) as context:
                        take(context.new_page(), f"http://127.0.0.1:{port}/", options.folder, f"{size}-{scheme}")
    print(f"{3 * len(SIZES) * len(SCHEMES)} pictures in {options.folder}")
    return 0


def take(page: Page, url: str, folder: Path, look: str) -> None:
    """Three pictures: the page as it is opened, while the loop stands, and when it is over and the line is named."""
    page.goto(url)
    button = page.locator("#sleep-in-handler-wrong")
    expect(button).to_be_visible()
    page.wait_for_timeout(4000)  # until dots have come
    before = page.locator("#results > li").count()
    page.screenshot(path=folder / f"live-{look}-1-before.png", full_page=True)
    button.click()
    expect(page.locator("section[data-lane=asgi] path.overdue").nth(8)).to_be_attached()
    page.screenshot(path=folder / f"live-{look}-2-during.png", full_page=True)
    expect(page.locator("#results > li")).to_have_count(before + 1)
    expect(page.locator("section[data-lane=asgi] .place")).not_to_be_empty()
    page.screenshot(path=folder / f"live-{look}-3-after.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main())
