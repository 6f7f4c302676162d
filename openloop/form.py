"""Locust's form for a new run: says what its fields mean here, shows the scenario at once, and answers when the run has begun."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from locust.runners import STATE_RUNNING, STATE_SPAWNING
from locust.web import WebUI

from openloop.beginning import Beginning

_INDEX, _SWARM = "locust.index", "locust.swarm"

LABELS = {
    "Number of users (peak concurrency)": "Arrivals per second (in a closed loop: users)",
    "Ramp up (users started/second)": "Ramp up (so many more each second)",
    "Custom parameters": "Scenario and arrivals",
}
"""What Locust's page says, and what it means here."""

_SCRIPT = """<script>
const labels = %s;
function improve() {
  const texts = document.createTreeWalker(document.getElementById("root"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, label = labels[text.data];
    if (!label) continue;
    const head = text.data === "Custom parameters" && text.parentElement.closest("button");
    text.data = label;
    if (!head) continue;
    head.closest(".MuiAccordion-root").style.order = -1;  // before Locust's own fields
    if (head.getAttribute("aria-expanded") !== "true") head.click();
  }
}
new MutationObserver(improve).observe(document.body, {childList: true, subtree: true});
</script>
"""
# In a script of its own because the page is compiled: where Locust changes it, its own words stay.


def improve(web_ui: WebUI, beginning: Beginning) -> None:
    """Improve the form; `beginning` says what became of a run."""
    views: dict[str, Callable[[], Any]] = web_ui.app.view_functions  # type: ignore[union-attr]  # there is an app
    index, swarm = views[_INDEX], views[_SWARM]

    def improved() -> Any:
        page = index()
        return page.replace("</body>", f"{_SCRIPT % json.dumps(LABELS)}</body>") if isinstance(page, str) else page

    def answered() -> Any:
        runner = web_ui.environment.runner
        is_new = runner is not None and runner.state not in (STATE_RUNNING, STATE_SPAWNING)
        if is_new:
            beginning.expect()
        answer = swarm()
        if is_new and answer.is_json and answer.get_json()["success"] and (sentence := beginning.refusal()):
            said = {"success": False, "message": sentence, "host": web_ui.environment.host}
            return web_ui.app.json.response(said)  # type: ignore[union-attr]  # as above
        return answer

    views[_INDEX], views[_SWARM] = improved, answered
