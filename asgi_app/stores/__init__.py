"""Runs the statements: the only place where sync and async data access differ. Of two stores, a process has one."""

from __future__ import annotations

from userdb.settings import Settings

from . import direct, engine

Store = engine.Store | direct.Store
"""What views know: both have the same methods."""


def chosen(settings: Settings) -> Store:
    """The store that the settings name."""
    return direct.Store(settings) if settings.store == "direct" else engine.Store(settings)
