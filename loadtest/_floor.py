"""Scenario `floor`: a static file that nginx serves without any app, the fastest answer there is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import _checks
from _request import Request

if TYPE_CHECKING:
    from _asker import Asker

PATH = "/static/style.css"


def ask(asker: Asker) -> Request:
    """The style sheet, uncompressed so that neither side computes."""
    check = partial(_checks.static, content_type="text/css")
    return Request("GET", PATH, PATH, check, headers={"Accept-Encoding": "identity"})
