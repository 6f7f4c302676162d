"""Locust's web page, as the load test has it: what its first form says, and what it answers where there can be no run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tandem.launch.ports import free_port
from tests.loadtest.runs import LOADTEST, locust
from tests.loadtest.runs import Page as Started
from tests.loadtest.toy import toy, user
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def started(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Locust has its page, on a server that answers."""
    port, log = free_port(), tmp_path_factory.mktemp("locust") / "log"
    options = ["--web-host", "127.0.0.1", "--web-port", port, "--users-in-database", 100]
    with toy(user) as server, locust(log, "-f", LOADTEST, *options, "-H", server.url):
        Started(port).wait(lambda now: now["state"] == "ready")
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def form(browser: Browser, started: str) -> Iterator[Page]:
    """Its form, which is there until a run begins."""
    with browser.new_page() as page:
        page.goto(started)
        yield page


def top(field: Locator) -> float:
    """How far down the page it is."""
    box = field.bounding_box()
    assert box is not None
    return box["y"]


def test_the_first_form_offers_the_scenario_and_says_what_a_user_is(form: Page) -> None:
    rate = form.get_by_label("Arrivals per second")
    expect(rate).to_be_visible()
    expect(form.get_by_text("Number of users")).to_have_count(0)
    scenario = form.locator("select[name=scenario]")
    expect(scenario).to_be_visible()
    expect(scenario).to_have_value("everyday")
    assert eventually(lambda: top(scenario) < top(rate))  # the form unfolds


def test_a_run_that_cannot_begin_is_not_said_to_have(form: Page) -> None:
    """The form stays and says why; with another address the run begins. The last of them, as then there is no form any more."""
    host = form.get_by_label("Host")
    good = host.input_value()
    form.locator("select[name=scenario]").select_option("read")
    host.fill("http://10.1.2.3")
    form.get_by_role("button", name="Start", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("10.1.2.3 is not this machine, so it is not loaded")
    host.fill(good)
    form.get_by_role("button", name="Start", exact=True).click()
    expect(form.get_by_role("cell", name="/api/users/{id}")).to_be_visible()
