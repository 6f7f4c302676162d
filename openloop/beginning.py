"""How the beginning of a run turned out, for whoever waits for it: it sends, or a sentence says why not."""

from __future__ import annotations

from collections.abc import Iterable

from gevent.event import Event

WAITED_SECONDS = 15.0
"""How long whoever asked for a run waits to hear what became of it."""


class Beginning:
    """Of one run after another; `begun` and `refuse` settle it."""

    def __init__(self) -> None:
        self._settled = Event()
        self._awaited: set[str] = set()
        self._sentence = ""

    def expect(self) -> None:
        """There will be another one."""
        self._settled.clear()
        self._sentence = ""

    def await_processes(self, processes: Iterable[str]) -> None:
        """It is a beginning as soon as each of these has begun."""
        self._awaited = set(processes)
        self.begun("")

    def begun(self, process: str) -> None:
        """One of the processes sends."""
        self._awaited.discard(process)
        if not self._awaited:
            self._settled.set()

    def refuse(self, sentence: str) -> None:
        """There is no run."""
        self._sentence = self._sentence or sentence
        self._settled.set()

    def refusal(self) -> str:
        """Wait until it is settled; why there is no run, empty where there is one."""
        self._settled.wait(WAITED_SECONDS)
        return self._sentence
