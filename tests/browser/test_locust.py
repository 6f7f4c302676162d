"""Locust's web page, as the load test has it: what its first form says, and what it answers where there can be no run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tandem.launch.ports import free_port
from tests.loadtest.runs import LOADTEST, locust
from tests.loadtest.runs import Page as Started
from tests.loadtest.toy import toy, user


@pytest.fixture
def form(processes: None, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The form of a Locust on a server that answers."""
    port = free_port()
    options = ["--web-host", "127.0.0.1", "--web-port", port, "--users-in-database", 100]
    with toy(user) as server, locust(tmp_path / "log", "-f", LOADTEST, *options, "-H", server.url):
        Started(port).wait(lambda now: now["state"] == "ready")
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        yield page
        page.close()


def test_the_first_form_offers_the_scenario_and_says_what_a_user_is(form: Page) -> None:
    rate = form.get_by_label("Arrivals per second")
    expect(rate).to_be_visible()
    expect(form.get_by_text("Number of users")).to_have_count(0)
    scenario = form.locator("select[name=scenario]")
    expect(scenario).to_be_visible()
    expect(scenario).to_have_value("everyday")
    above, below = scenario.bounding_box(), rate.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]


def test_a_run_that_cannot_begin_is_not_said_to_have(form: Page) -> None:
    """The form stays and says why; with another address the run begins."""
    host = form.get_by_label("Host")
    good = host.input_value()
    form.locator("select[name=scenario]").select_option("read")
    host.fill("http://10.1.2.3")
    form.get_by_role("button", name="Start", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("10.1.2.3 is not this machine, so it is not loaded")
    host.fill(good)
    form.get_by_role("button", name="Start", exact=True).click()
    expect(form.get_by_role("cell", name="/api/users/{id}")).to_be_visible()
