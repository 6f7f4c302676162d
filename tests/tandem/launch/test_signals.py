"""A signal stops the harness, whatever it is doing when it comes."""

from __future__ import annotations

import signal
import time

import pytest

from tandem.errors import Stopped
from tandem.launch import signals
from tests.support.waiting import PATIENCE


class Cleared:
    """An object during whose end a signal comes."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_stops_it_and_later_ones_do_not_cut_its_cleaning_up_short() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped, match="SIGTERM"), signals.stoppable():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_one_that_comes_while_python_clears_an_object_away_stops_it_all_the_same() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped, match="SIGTERM"), signals.stoppable():
        Cleared()
        time.sleep(PATIENCE)
    assert signal.getsignal(signal.SIGTERM) is before
