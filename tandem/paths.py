"""Where the project lies on this machine."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
"""The project's folder: the one that holds `pyproject.toml`."""
