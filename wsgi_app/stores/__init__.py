"""Runs the statements: the only place where sync and async data access differ."""
