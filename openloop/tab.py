"""The tab "Arrivals" of Locust's web page, fed with the statistics that the page asks for every two seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust.web import WebUI

from openloop.status import Status

KEY = "arrivals"
_VIEW = "locust.request_stats"


def add_tab(web_ui: WebUI, status: Callable[[], Status | None]) -> None:
    """Offer the tab; `status` tells how the run stands."""
    app: Any = web_ui.app
    columns = [{"key": "name", "title": "Of all processes"}, {"key": "value", "title": "Value"}]
    web_ui.template_args["extended_tabs"] = [{"key": KEY, "title": "Arrivals"}]
    web_ui.template_args["extended_tables"] = [{"key": KEY, "structure": columns}]
    statistics: Callable[[], Any] = app.view_functions[_VIEW]

    def extended() -> Any:
        answer = statistics()
        if not answer.is_json:  # it wants a login first
            return answer
        now = status()
        more = [{"key": KEY, "data": now.rows() if now is not None else []}]
        return app.json.response({**answer.get_json(), "extended_stats": more})

    app.view_functions[_VIEW] = extended
