"""The live page in a browser: a blocker is started, dots pile up in one lane and not in the other, the right line is named."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tandem.launch import ports
from tandem.paths import PROJECT
from tests.browser.axe import axe_finds_nothing_at_any_size
from tests.browser.screenshots import SIZES
from tests.browser.watch import Seen
from tests.support.command import command, wait_for
from tests.support.processes import alive, descendants
from tests.support.waiting import eventually

LOOP, THREADS = "asgi", "wsgi-gthread"
OUTLINE = "(style => `${style.outlineStyle} ${style.outlineWidth}`)(getComputedStyle(document.activeElement))"
HIDDEN = """() => {
    const box = document.activeElement.getBoundingClientRect(), middle = [box.x + box.width / 2, box.y + box.height / 2];
    return !document.activeElement.contains(document.elementFromPoint(...middle));
}"""
"""Whether something else lies over what has the focus."""


@pytest.fixture(scope="module")
def laboratory(
    processes: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A live page, and where it is."""
    port, folder = ports.free_port(), tmp_path_factory.mktemp("live")
    with command("live", "--port", str(port), cwd=folder) as process:
        output = folder / "output.txt"
        wait_for(process, output, lambda: "blocking, live: " in output.read_text())
        yield process, f"http://127.0.0.1:{port}/"


@pytest.fixture
def page(
    request: pytest.FixtureRequest,
    visitor: Callable[[str, bool], Seen],
    laboratory: tuple[subprocess.Popen[str], str],
) -> Iterator[Page]:
    """The page, which asks nobody else for anything."""
    with visitor(laboratory[1], True).anew() as context:
        page = context.new_page()
        page.emulate_media(reduced_motion=getattr(request, "param", "no-preference"))
        page.goto("/")
        expect(page.get_by_role("button", name="time.sleep").first).to_be_visible()
        yield page


with_little_motion = pytest.mark.parametrize("page", ["reduce"], ids=["little motion"], indirect=True)
"""Drawn once a second: to draw it all the time takes a CPU of its own, which only a test of what moves needs."""


def lane(page: Page, name: str) -> Locator:
    """A lane of the page."""
    return page.locator(f"section[data-lane={name}]")


def start(page: Page) -> Locator:
    """The button of the classic mistake."""
    return page.locator("#sleep-in-handler-wrong")


def late(page: Page, name: str) -> int:
    """How many the last press made late in a lane, as its result says."""
    told = page.locator("#results > li").first.locator("ul > li", has_text=f"{name}: ")
    return int(told.locator("b").inner_text().split()[0])


def results(page: Page) -> int:
    """How many presses are counted."""
    return page.locator("#results > li").count()


def planted(app: str) -> str:
    """Where the mistake stands in an app."""
    lines = (PROJECT / app / "lab.py").read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if line.strip().startswith("time.sleep(")]
    return f"{app}/lab.py:{number}"


def test_dots_pile_up_where_the_loop_stands_and_the_line_is_named(page: Page) -> None:
    expect(page.locator("#sleep-in-handler-wrong-expected")).to_contain_text(
        re.compile(rf"{LOOP}: about (3\d|40) of 40 late")
    )
    before = results(page)
    for press in range(1, 6):  # where other tests take the CPU both lanes wait for that
        start(page).click()
        expect(lane(page, LOOP).locator("path.overdue").nth(8)).to_be_attached()  # they wait, and are drawn so
        expect(page.locator("#results > li")).to_have_count(before + press)
        assert late(page, LOOP) > 10
        if late(page, LOOP) > late(page, THREADS):
            break
    assert late(page, LOOP) > late(page, THREADS)
    expect(lane(page, LOOP).locator(".place")).to_have_text(planted("asgi_app"))
    expect(lane(page, LOOP).locator("pre")).to_have_text("time.sleep(seconds)")
    expect(lane(page, LOOP).locator("rect.span")).not_to_have_count(0)
    expect(lane(page, LOOP).locator("path.late").nth(8)).to_be_attached()
    expect(page.get_by_role("status")).to_contain_text(f"the loop stood in {planted('asgi_app')}")


@with_little_motion
def test_a_keyboard_is_enough(page: Page) -> None:
    before, button = results(page), start(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement !== document.body"):
            assert page.evaluate(OUTLINE) == "solid 3px", page.evaluate("document.activeElement.outerHTML")
            assert not page.evaluate(HIDDEN), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.name") == "times":
            page.keyboard.press("ArrowLeft")  # short
        if button.evaluate("button => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#results > li")).to_have_count(before + 1)
    expect(page.get_by_role("status")).to_contain_text("(1 × 200 ms)")
    expect(page.get_by_role("status")).to_contain_text(f"{LOOP}: ")
    expect(button).to_have_attribute("aria-disabled", "false")
    expect(button).to_be_focused()


@with_little_motion
def test_it_fits_and_axe_finds_nothing_wide_and_narrow_light_and_dark(page: Page) -> None:
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
    axe_finds_nothing_at_any_size(page)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


DRAWN = """seconds => new Promise(done => {
    const seen = new Set(), marks = document.querySelector("section[data-lane] svg g[transform]");
    const look = setInterval(() => seen.add(marks.getAttribute("transform")), 20);
    setTimeout(() => { clearInterval(look); done(seen.size) }, 1000 * seconds);
})"""
"""In how many places the picture is seen within so many seconds."""


def test_whoever_wants_little_motion_gets_little_and_the_picture_can_be_frozen(page: Page) -> None:
    expect(page.locator("section[data-lane] path").nth(3)).to_be_attached()
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(DRAWN, 1) <= 3  # it is drawn once a second
    page.emulate_media(reduced_motion="no-preference")
    page.get_by_role("button", name="Freeze").click()
    assert page.evaluate(DRAWN, 1) == 1
    page.get_by_role("button", name="Freeze").click()
    assert eventually(lambda: page.evaluate(DRAWN, 1) > 3)


def test_ctrl_c_ends_everything_and_the_page_says_so(
    browser: Browser, laboratory: tuple[subprocess.Popen[str], str]
) -> None:
    """The last of them: what it stops does not come again."""
    process, url = laboratory
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(url)
        expect(page.locator("section[data-lane] path").first).to_be_attached()
        below = descendants(process.pid)
        folders = set(Path("/tmp").glob("tandem-live-*"))
        assert below
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        expect(page.get_by_role("alert")).to_contain_text("has stopped")
    assert eventually(lambda: not any(map(alive, below))), below
    assert {each for each in folders if each.exists()} < folders
