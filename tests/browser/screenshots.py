"""`python -m tests.browser.screenshots FOLDER`: all pages wide and narrow, light and dark, and whether both apps' look alike."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tandem.errors import Stopped, TandemError
from tandem.launch import database, running_stack, signals
from tandem.plan import stacks
from tests.browser import chromium, views
from tests.browser.views import VIEWS
from tests.support.stacks import USERDB, environment_for

APPS = ("wsgi-gthread", "asgi")
USERS = 50
Scheme = Literal["light", "dark"]
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def main(arguments: list[str] | None = None) -> int:
    """Take them; return 0 where both apps' pages look the same, 1 where they don't, 2 where it could not begin."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.browser.screenshots", description=str(__doc__).partition(": ")[2]
    )
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where they go; files of the same names are replaced"
    )
    options = parser.parse_args(arguments)
    if chromium.FOUND is None:
        parser.error(chromium.MISSING)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(str(error))
    try:
        with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-screenshots-") as folder:
            return take(options.folder, Path(folder))
    except (TandemError, Stopped) as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return error.status


def take(pictures: Path, folder: Path) -> int:
    """Write pictures of one app, started in `folder`, and name the pages that look otherwise in the other."""
    with serving_both(folder) as (first, second), chromium.running() as browser:
        different = []
        for name in VIEWS:
            found = dict(looks(browser, first, name))
            for look, picture in found.items():
                (pictures / f"{look}.png").write_bytes(picture)
            if found != dict(looks(browser, second, name)):
                different.append(name)
    print(f"{len(VIEWS)} pages in {pictures}; the two apps' look the same but for: {', '.join(different) or 'none'}")
    return 1 if different else 0


@contextmanager
def serving_both(folder: Path) -> Iterator[list[str]]:
    """Start both apps behind nginx, each on a copy of one seeded database; where they answer."""
    seeded, known = folder / "seed.db", stacks.load([])
    database.seed(USERDB, seeded, USERS, folder / "seed.log")
    with ExitStack() as exits:
        urls = []
        for name in APPS:
            (folder / name).mkdir()
            place = environment_for(folder / name, seeded, "http://127.0.0.1:9/news")  # which no page asks for
            urls.append(exits.enter_context(running_stack.running(name, known[name], place)).url)
        yield urls


def looks(browser: Browser, url: str, name: str) -> Iterator[tuple[str, bytes]]:
    """Pictures of one page of an app, each under its name."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context, context.new_page() as page:
        views.show(page, url, VIEWS[name])
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                yield f"{name}-{size}-{scheme}", picture(page)


def picture(page: Page) -> bytes:
    """The whole page as PNG, the same each time: every request has the same id."""
    for line in page.locator(".aside").all():
        line.evaluate("line => { line.textContent = line.textContent.replace(/request .*/, 'request 0') }")
    return page.screenshot(full_page=True, animations="disabled")


if __name__ == "__main__":
    sys.exit(main())
