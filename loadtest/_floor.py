"""Scenario `floor`: a static file that nginx serves without any app, the fastest answer there is."""

from __future__ import annotations

from functools import partial

import _checks
from _context import Context

from openloop.request import Request

PATH = "/static/style.css"


def request(context: Context) -> Request:
    """The style sheet, uncompressed so that neither side computes."""
    check = partial(_checks.static, content_type="text/css")
    return Request("GET", PATH, PATH, check, headers={"Accept-Encoding": "identity"})
