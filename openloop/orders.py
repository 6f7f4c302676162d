"""Orders that Locust's master sends its workers, one for each step of a ramp: what a worker does before it obeys."""

from __future__ import annotations

import functools

from locust import argument_parser


def obey_quickly() -> None:
    """Work out the defaults of Locust's options once in a process.

    For each order, a worker asks for them once per option, and each time Locust builds a parser: 0.4 s of CPU in which
    nothing is sent. On a busy machine orders queue up and heartbeats are missed, until the master takes all its workers
    for dead and ends the run.
    """
    argument_parser.default_args_dict = functools.cache(argument_parser.default_args_dict)
