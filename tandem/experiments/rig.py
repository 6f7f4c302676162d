"""The rig: what an experiment needs of the machine, for real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tandem.drive import calibration, sameness, scattered
from tandem.drive.scattered import Scatter
from tandem.errors import RunFailed
from tandem.experiments.bench import Bench
from tandem.experiments.first_asked import FirstAsked
from tandem.experiments.site import Site
from tandem.experiments.turns import Benches
from tandem.plan import contract
from tandem.plan.definition import DECOY
from tandem.plan.loads import RATE_CAP
from tandem.plan.run import Plan
from tandem.plan.stacks import common_routes
from tandem.records.setup import Calibration


class Rig(Site):
    """Proves, calibrates and hands out stacks at the site of a run."""

    def __init__(self, plan: Plan, folder: Path, nginx: Path) -> None:
        super().__init__(plan, folder, nginx)
        file, routes = Path(self.app.probes), common_routes(plan.definitions)
        self.contract = contract.limited(contract.read(file, plan.users, plan.lab), routes)
        # Within windows nothing is asked that blocks on purpose: that would be a blocker more.
        self.askable = scattered.askable(contract.limited(contract.read(file, plan.users), routes))
        self.waived = contract.waived(self.contract, plan.waive)
        self.first_asked = FirstAsked()
        self.scatter = Scatter()

    def prove(self) -> int:
        """Have every stack answer the probes and return how many there are. Raises RunFailed with the difference."""
        names = [name for name in self.plan.definitions if name != DECOY]
        found, again = {}, []
        probes = self.askable
        for name in names:
            with self.running(name) as stack:
                again.append(scattered.answers(stack.port, self.contract, probes))
                found[name] = sameness.answers(stack.port, self.contract)
                again.append(scattered.answers(stack.port, self.contract, probes))
                stack.check()
        for other in names[1:]:
            difference = self._difference(names[0], found[names[0]], other, found[other])
            if difference:
                raise RunFailed(
                    f"{names[0]} and {other} do not give the same answers; nothing was measured:\n{difference}"
                )
        places = scattered.steady(probes, *again)
        self.scatter = Scatter(
            [probes[place] for place in places], [again[0][place] for place in places], self.contract.masks
        )
        return len(self.contract.probes)

    def _difference(self, name: str, ours: Sequence[bytes], other: str, theirs: Sequence[bytes]) -> str:
        """Return in what two stacks differ that neither's server is exempted from."""
        probes, stacks = self.contract.probes, self.plan.definitions
        exemptions = [*stacks[name].exemptions, *stacks[other].exemptions]
        ours, theirs = (sameness.exempted(probes, each, exemptions) for each in (ours, theirs))
        return sameness.difference(probes, name, ours, other, theirs, self.waived)

    def calibrate(self) -> Calibration | None:
        """Measure what the load generator can do against nginx alone; None where the app has no scenario for that."""
        if self.app.floor is None:
            return None
        rate = max(load.rate for load in self.plan.loads) or RATE_CAP
        seconds = min(calibration.SECONDS, *(load.seconds for load in self.plan.loads))
        return calibration.calibrate(
            self.app, self.app.floor, self.work, self.logs, self.nginx, self.plan.layout, rate, seconds
        )

    @contextmanager
    def stack(self, name: str) -> Iterator[Bench]:
        """Hand out a stack that is not yet started, and stop it and its generators at the end."""
        with ExitStack() as exits:
            yield Bench(self, name, exits, self.first_asked, self.scatter)

    @contextmanager
    def stacks(self, names: Sequence[str]) -> Iterator[Benches]:
        """Hand out stacks that are not yet started and take turns, and stop them and their generators at the end."""
        with ExitStack() as exits:
            benches = Benches({name: Bench(self, name, exits, self.first_asked, self.scatter) for name in names})
            try:
                yield benches
            finally:
                benches.terminate()
