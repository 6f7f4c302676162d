"""The arrivals of a run in a few words and numbers: for its last line, and for the tab of the web page."""

from __future__ import annotations

from typing import Any

from openloop.counts import Counts
from openloop.plan import LoadPlan

NOT_COMPARABLE = "its latency is not comparable with open-loop latency"

LATE_MS = 5.0
"""Dispatch lag at p99 from which on a run says more about its generator than about the server."""


class Status:
    """All processes of one run together. `total` is since its start, `latest` the last seconds of each process."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self.total = Counts()
        self.latest: dict[str, Counts] = {}

    def add(self, process: str, counts: Counts) -> None:
        """Take what a process counted since it was last asked."""
        self.total.add(counts)
        self.latest[process] = counts

    def line(self) -> str:
        """The run in one line."""
        total = self.total
        if self._plan.is_closed:
            counted = f"closed loop: {total.sent} sent, {total.unfinished} unfinished"
            return f"{counted}; most in flight {total.most}; {NOT_COMPARABLE}"
        counted = f"{total.due} due, {total.sent} sent, {total.dropped} dropped, {total.unfinished} unfinished"
        lag = f"dispatch lag p50 {_ms(total.lag(0.5))}, p99 {_ms(total.lag(0.99))}"
        return f"arrivals: {counted}; {lag}; most in flight {total.most}{self._each()}"

    def warning(self) -> str:
        """Why the times of the run are not the server's; empty where they are."""
        lag = self.total.lag(0.99)
        if lag is None or lag <= LATE_MS:
            return ""
        return (
            f"The generator was the limit, or this machine was busy: 1 % of the requests were sent more than {_ms(lag)} "
            "late, so these times are not the server's. Ask for a lower rate, or for --processes."
        )

    def rows(self) -> list[dict[str, Any]]:
        """The tab of the web page: name and value of each number."""
        recent = Counts()
        for counts in self.latest.values():
            recent.add(counts)
        plan, total = self._plan, self.total
        in_flight = sum(counts.in_flight for counts in self.latest.values())
        kind = f"{plan.arrivals} loop: {NOT_COMPARABLE}" if plan.is_closed else f"open loop, {plan.arrivals}"
        rows: dict[str, object] = {"Scenario": plan.scenario, "Arrivals": kind}
        if not plan.is_closed:
            rows["Arrivals per second"] = sum(counts.rate for counts in self.latest.values())
            rows["Due"] = total.due
        rows["Sent"] = total.sent
        rows["In flight"] = in_flight if plan.is_closed else f"{in_flight} of {plan.in_flight}{self._each()}"
        rows["Unfinished"] = total.unfinished
        if not plan.is_closed:
            rows["Dropped"] = total.dropped
            rows["Dispatch lag p50, last seconds"] = _ms(recent.lag(0.5))
            rows["Dispatch lag p99, last seconds"] = _ms(recent.lag(0.99))
            if warning := self.warning():
                rows["Warning"] = warning
        return [{"name": name, "value": str(value)} for name, value in rows.items()]

    def _each(self) -> str:
        return " in each process" if len(self.latest) > 1 else ""


def _ms(milliseconds: float | None) -> str:
    return "unknown" if milliseconds is None else f"{milliseconds:.2f} ms"
