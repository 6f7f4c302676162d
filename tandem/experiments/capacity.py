"""The search for capacity: one block of one stack after the other, each on disk before the next begins.

The stacks of a scenario take turns, each fresh at every rate, so that between two tries of one stack at one rate there are blocks
of the others. Which rate comes next is the judge's business (`judge/bracket.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tandem import formats
from tandem.errors import TandemError
from tandem.experiments import resume
from tandem.experiments.compare import Say
from tandem.experiments.ending import ending
from tandem.experiments.executor import Executor
from tandem.experiments.progress import Progress
from tandem.judge import capacity
from tandem.judge.course import Course
from tandem.plan import capacity as planning
from tandem.plan.capacity import BLOCKS, CapacityPlan
from tandem.plan.order import Slot, orders
from tandem.plan.run import Plan
from tandem.records import journal, run_folder
from tandem.records.capacity import CAPACITY_FILE, CapacityRecord, Search, Try
from tandem.records.journal import End
from tandem.records.setup import Run
from tandem.rules import CAPACITY_BLOCKS, shown

RESERVE = 2
"""Blocks that a search which isn't over counts for at least, in the time that is left."""


class CapacitySearch:
    """A search as it is measured, into the records of one folder."""

    def __init__(self, plan: CapacityPlan, executor: Executor, folder: Path, say: Say) -> None:
        self.plan, self.executor, self.folder, self.say = plan, executor, folder, say
        self.path = folder / CAPACITY_FILE

    def begin(self, run: Run) -> None:
        """Search among the stacks of a run whose sameness was proved. Raises RunFailed, and lets Stopped pass."""
        search = self.plan.search(run)
        with run_folder.keeping(self.folder):
            journal.append(self.path, search)
        self._measure(capacity.courses([search], self.plan.bounds()))

    def resume(self, past: Sequence[CapacityRecord]) -> None:
        """Go on with a search that broke off. Raises as `begin`."""
        self._measure(capacity.courses(past, self.plan.bounds()))

    def _measure(self, courses: Sequence[Course]) -> None:
        with ending(self.folder, lambda record: journal.append(self.path, record), "all searches are over"):
            self._search(courses)

    def _search(self, courses: Sequence[Course]) -> None:
        progress = Progress(_left(courses), self.plan.block_seconds())
        self.say(f"searching for the capacity of {formats.listed(self.plan.names)}, about {progress.total()}")
        for level in self.plan.levels:
            mine = {each.stack: each for each in courses if each.level.scenario == level.scenario}
            for names in orders(list(mine), CAPACITY_BLOCKS + 1, self.plan.site.seed):
                for position, name in enumerate(names, 1):
                    if (rate := mine[name].wanted()) is not None:
                        tried = self._try(mine[name], rate, position)
                        progress.left(_left(courses) + 1)
                        self.say(f"{line(mine[name], tried)}  ({progress.step()})")
            for each in mine.values():
                self.say(over(each))

    def _try(self, course: Course, rate: float, position: int) -> Try:
        """Measure one stack once, at a rate or at saturation, and keep it."""
        scenario, slot = course.level.scenario, Slot(*course.tried(rate), position)
        load = self.plan.load(scenario, rate)
        with self.executor.stack(course.stack) as stack:
            stack.prepare(load, f"{self.plan.site.seed}-capacity-{load.scenario}-{slot.round}")
            stack.start()
            tried = Try(scenario=scenario, rate=rate, block=stack.measure(load, slot))
        journal.append(self.path, tried)
        course.add(tried)
        return tried


def read(folder: Path) -> list[CapacityRecord]:
    """Return the records of a search. Raises RecordsError where this version can't read them."""
    path = folder / CAPACITY_FILE
    with journal.readable(path):
        found = list(journal.lines(path, CapacityRecord))
        capacity.judge(found)
    return found


def unfinished(folder: Path, plan: Plan) -> bool:
    """Tell whether the searches that end a comparison are missing, or were broken off."""
    return bool(plan.capacity) and not ((folder / CAPACITY_FILE).exists() and _over(read(folder)))


def finish(plan: Plan, executor: Executor, folder: Path, say: Say, run: Run) -> None:
    """End a comparison with the searches of its plan, from the beginning or from where they broke off. Raises as `begin`."""
    part = planning.part_of(plan)
    if part is None or not unfinished(folder, plan):
        return
    search = CapacitySearch(part, executor, folder, say)
    if (folder / CAPACITY_FILE).exists():
        search.resume(read(folder))
    else:
        search.begin(run)


def _over(past: Sequence[CapacityRecord]) -> bool:
    return isinstance(past[-1], End) and past[-1].complete


def refuse_other(past: Sequence[CapacityRecord], plan: CapacityPlan) -> None:
    """Raise TandemError where the search can't be resumed: nothing is missing, or it would be another one today."""
    search = past[0]
    assert isinstance(search, Search)
    if _over(past):
        raise TandemError("nothing is missing in this search: `tandem report` renders it")
    resume.refuse_other_plan(search.run, plan.site)
    if (plan.levels, plan.seconds, plan.warmup) != (search.levels, search.seconds, search.warmup_seconds):
        raise TandemError(
            "the service levels of this search would differ today, so it can't be resumed: start a new one"
        )


def _left(courses: Sequence[Course]) -> int:
    """Return how many blocks are expected to follow."""
    return sum(max(RESERVE, BLOCKS - each.blocks) for each in courses if each.wanted() is not None)


def line(course: Course, tried: Try) -> str:
    """Return the last try of a search as one line of progress."""
    block = tried.block
    if not tried.rate:
        return f"{tried.scenario:<9} {block.stack:<13} at saturation {block.rate:6.1f}/s"
    outcome = course.tries[-1].outcome or "spoiled by what is outside the stack"
    p99 = f"p99 {formats.reach(block.p99_ms)}  " if shown("p99", block.arrivals) else ""
    return f"{tried.scenario:<9} {block.stack:<13} at {tried.rate:6.0f}/s  {p99}{outcome}"


def over(course: Course) -> str:
    """Return what a search found, as one line."""
    found = capacity.found(course)
    rates = formats.rates(found.bracket.met, found.bracket.missed)
    return f"{found.scenario} on {found.stack}: {found.state}, {rates}"
