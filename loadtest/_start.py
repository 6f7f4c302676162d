"""Scenario `start`: the sum of two numbers again, few at a time, of servers that start a process for each request."""

from __future__ import annotations

from _add import request

__all__ = ["request"]
