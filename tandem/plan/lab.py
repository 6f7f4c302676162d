"""The plan of a laboratory run: kinds of blocker, each a load, on some stacks, checked before anything is started.

Everything else is a comparison's: its rounds, orders, validity, records and report. A kind is a row of `lab.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from tandem.errors import TandemError
from tandem.plan import blockers, cpu_layout, kinds, refusals
from tandem.plan.definition import DECOY, Definition
from tandem.plan.kinds import Kind, Kinds
from tandem.plan.lab_parts import HEADLINE, LADDER, Part
from tandem.plan.loads import TIMEOUT_SECONDS, Phases, scaled
from tandem.plan.profiles import LATE_METRIC
from tandem.plan.run import Plan
from tandem.plan.scenarios import load as load_scenarios
from tandem.plan.stacks import Stacks, choose, grouped, on_database
from tandem.records.setup import Blocking, Headline, Load

SCENARIO = "blocking"
"""The load test's scenario of bystanders."""

RIGHT = "right"
"""What the name of a load ends with where its kind is done right."""

CONTROL = "control"
"""The same where an outside process burns as much CPU as its kind."""

MOST_IN_FLIGHT = 4_000
"""More than come within the time-out, so that behind what blocks none is dropped before it: nginx has connections for as many."""

PER_SECOND = 2.0
"""Blockers, unless a kind, a row of scenarios or a dose says otherwise."""

STAYING = ("stays", "sends slowly")
"""Clients that are there until the last phase begins: half of the middle one, on average."""


def plan(
    part: Part,
    stacks: Stacks,
    *,
    names: Sequence[str] | None = None,
    group: str | None = None,
    baseline: str | None = None,
    wanted: Sequence[str] | None = None,
    rounds: int | None = None,
    seconds: int | None = None,
    users: int | None = None,
    seed: int,
    cpus: int = 1,
    waive: Sequence[str] = (),
    database: str | None = None,
) -> Plan:
    """Return the plan of a part with what is given in its place. Raises TandemError where it makes no sense."""
    chosen = on_database(_stacks(part, stacks, names, group), database)
    refusals.refuse_different_apps(chosen)
    first = baseline or (part.baseline if part.baseline in chosen else next(iter(chosen)))
    if first not in chosen:
        raise TandemError(f"the baseline {first!r} is none of the stacks: name one of {', '.join(chosen)}")
    application = chosen[first].application
    row = load_scenarios(application.load_test).get(SCENARIO)
    if row is None or not application.lab:
        raise TandemError(
            f"{application.title} has no laboratory: its row names no `lab`, or there is no scenario {SCENARIO!r}"
        )
    phases = part.phases if seconds is None else scaled(part.phases, seconds)
    found = _kinds(part, application.load_test, wanted)
    loads = [
        each
        for name, kind in sorted(found.items(), key=lambda item: (item[1].client == "stays", item[1].third == "write"))
        for each in _loads(part, name, kind, part.rate or row.rate or 240.0, phases)
    ]
    layout = cpu_layout.layout(cpus)
    loads = blockers.measured([blockers.spread(each, part.arrivals) for each in loads], chosen, layout.stack, STAYING)
    if part.to_the_end:
        loads = blockers.watched(loads, chosen, layout.stack, STAYING)
    count = rounds or part.rounds
    judged = [each for each in loads if each.blocking and not each.blocking.control] if part.judged else []
    headlines = [Headline(scenario=each.scenario, metric=LATE_METRIC) for each in judged]
    too_few = (
        refusals.too_few_rounds(count, max(1, len(headlines)) * (len(chosen) - 1)) if part.judged else _looked_at(part)
    )
    return Plan(
        profile=f"lab-{part.name}",
        definitions=chosen if too_few else {**chosen, DECOY: chosen[first]},
        baseline=first,
        loads=loads,
        headlines=headlines,
        rounds=count,
        extension=0,
        spares=0 if too_few else 1,
        seed=seed,
        users=users or part.users,
        layout=layout,
        waive=waive,
        exploratory=too_few,
    )


def _looked_at(part: Part) -> str:
    return f"the part {part.name!r} of the laboratory is for looking at ({part.about})"


def _stacks(part: Part, stacks: Stacks, names: Sequence[str] | None, group: str | None) -> dict[str, Definition]:
    wanted = part.group if group is None and names is None else group
    if wanted:
        names = grouped(stacks, wanted)
    chosen = choose(stacks, list(part.stacks if names is None else names))
    if len(chosen) < 2:
        raise TandemError("the laboratory compares two stacks or more: give --stacks A,B")
    return chosen


def _kinds(part: Part, load_test: str, wanted: Sequence[str] | None) -> Kinds:
    known = kinds.load(load_test)
    usual = part.kinds or [name for name, kind in known.items() if _belongs(part, name, kind)]
    if not usual:
        raise TandemError(f"the load test in {load_test} has no kind of blocker for the part {part.name!r}")
    found = kinds.choose(known, usual if wanted is None else wanted)
    without = [name for name, kind in found.items() if part.right and not kind.right]
    if without:
        raise TandemError(
            f"{without[0]!r} has no right way to do it, which the part {part.name!r} measures: leave it out of --kinds"
        )
    return found


def _belongs(part: Part, name: str, kind: Kind) -> bool:
    return bool(kind.right) if part.right else kind.part == part.name and name not in HEADLINE.kinds


def _loads(part: Part, name: str, kind: Kind, rate: float, phases: Phases) -> Iterator[Load]:
    for per_second, milliseconds in part.doses or ((kind.per_second or PER_SECOND, 0),):
        title = f"{name} {per_second:g} × {milliseconds} ms" if part.doses else name
        wrong = _blocking(name, kind, phases, per_second, milliseconds)
        ways = {title: wrong}
        if part.right:
            ways[f"{title} {RIGHT}"] = _done_right(wrong, title, kind)
        if kind.cpu:
            ways[f"{title} {CONTROL}"] = msgspec.structs.replace(wrong, control=True)
        asked = rate * 1.5 if wrong.bystander else rate  # as many of each route as of the usual two
        yield from (_load(each, asked, blocking, part.warmup) for each, blocking in ways.items())


def _blocking(name: str, kind: Kind, phases: Phases, per_second: float, milliseconds: int) -> Blocking:
    before, on, after = phases
    return Blocking(
        kind=kind.title,
        row=name,
        route=f"GET {kind.wrong}",
        query=f"{kind.amount}={milliseconds}" if milliseconds else kind.query,
        holds_loop=None if kind.part == LADDER else kind.planted is not None,
        holds=kind.held,
        needed_by=kind.needed_by,
        planted=f"{kind.planted.file}:{kind.planted.function}" if kind.planted else "",
        client=kind.client,
        happens=kind.happens,
        repair=kind.repair,
        bystander=kind.third,
        rate=per_second,
        milliseconds=milliseconds or (round(500 * on) if kind.client in STAYING else kind.milliseconds),
        about=bool(kind.about_ms) and not kind.client,
        before=before,
        on=on,
        after=after,
    )


def _done_right(wrong: Blocking, title: str, kind: Kind) -> Blocking:
    """Return who does the same at the same moments without what blocks: no loop stands in it, and no line is to be named."""
    return msgspec.structs.replace(
        wrong,
        kind=f"{kind.title}, done right",
        route=f"GET {kind.right}",
        repairs=title,
        holds_loop=False,
        holds="",
        needed_by=(),
        planted="",
        happens="",
        repair="",
        milliseconds=kind.right_ms or wrong.milliseconds,
    )


def _load(name: str, rate: float, blocking: Blocking, warmup: float) -> Load:
    return Load(
        scenario=name,
        drives=SCENARIO,
        arrivals="poisson",
        rate=rate,
        in_flight=MOST_IN_FLIGHT,
        timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=warmup,
        seconds=blocking.before + blocking.on + blocking.after,
        why_rate="as the scenario says",
        blocking=blocking,
        decoy=False,
    )
