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


@pytest.mark.parametrize("later", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_later_ones_do_not_cut_its_cleaning_up_short(later: signal.Signals) -> None:
    before, cleaned = signal.getsignal(signal.SIGTERM), []

    def run() -> None:
        with signals.stoppable():
            try:
                signal.raise_signal(signal.SIGTERM)
                time.sleep(PATIENCE)
            finally:
                signal.raise_signal(later)
                cleaned.append(True)

    with pytest.raises(Stopped) as raised:
        run()
    assert cleaned
    assert raised.value.status == 143
    assert str(raised.value) == "stopped by SIGTERM"
    assert signal.getsignal(signal.SIGTERM) is before


def test_one_that_comes_while_python_clears_an_object_away_stops_it_all_the_same() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def run() -> None:
        with signals.stoppable():
            Cleared()
            time.sleep(PATIENCE)

    with pytest.raises(Stopped, match="SIGTERM"):
        run()
    assert signal.getsignal(signal.SIGTERM) is before
