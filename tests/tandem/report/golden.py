"""The golden page: what the report says of runs whose answer is known, so that all other tests can ask for data alone.

python -m tests.tandem.report.golden > tests/tandem/report/golden.txt
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import starmap
from typing import Any, get_args

import msgspec

from tandem.judge import change, validity
from tandem.judge.bound import Bound
from tandem.judge.bracket import Bracket
from tandem.judge.capacity import Capacity, SearchState
from tandem.judge.health import Misled
from tandem.judge.joined import Place
from tandem.judge.measures import Pooled, Route
from tandem.judge.reasons import Code, Missed, Reason
from tandem.judge.summary import Summary, summarise
from tandem.judge.tries import CountedTry
from tandem.judge.validity import Cause
from tandem.records.setup import Headline
from tandem.report import (
    answers,
    backlog,
    capacity,
    changes,
    conditions,
    lines,
    reasons,
    repairs,
    sentences,
    takeaways,
    trust,
)
from tandem.report.advice import advised
from tandem.report.backlog import AcceptQueue, BacklogPhase
from tandem.report.wording import causes
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI, synthesise

MISSED = [Missed(part="failed", share=0.0278, limit=0.001), Missed(part="answered well", share=0.9722, limit=0.99),
          Missed(part="backlog", share=0.0111, limit=0.01)]  # fmt: skip
SATURATED = [synthetic.saturating("everyday"), synthetic.saturating("read")]
SATURATED_HEADLINES = [
    Headline(scenario=each.scenario, metric=key) for each in SATURATED for key in ("throughput", "cpu")
]
POINT = CountedTry(rate=400.0, outcome="met", p50_ms=4.0, p99_ms=20.0, lost=0.0, arrivals=1600)
FACTORS = {(ASGI, "read", "cpu"): 1.8, (ASGI, "everyday", "p50"): 1.12, (ASGI, "waiting", "p50"): 0.4}


def every(code: Code) -> Reason:
    """Return a reason that has all that any code needs."""
    because = Reason(code="answered nothing", stack=DECOY, rounds=77)
    return Reason(
        code=code, stack=ASGI, stacks=[WSGI, ASGI], metric="p99", rounds=3, planned=9, needed=12, ratios=25, missed=MISSED,
        because=because,
    )  # fmt: skip


def on(stack: str, scenario: str, **changes: Any) -> synthetic.Change:
    """An edit of the blocks of one stack under one scenario."""

    def edit(block: dict[str, Any]) -> None:
        if (block["stack"], block["scenario"]) == (stack, scenario):
            block.update(changes)

    return edit


ONE: dict[str, Any] = {"loads": [synthetic.load("read")], "headlines": [Headline(scenario="read", metric="p50")]}


def _runs() -> Iterator[tuple[str, Summary]]:
    yield "verdicts of each kind", summarise(synthesise(factors=FACTORS))
    yield "undecided", summarise(synthesise(scatter=0.3, **ONE))
    yield "the decoy got a verdict", summarise(synthesise(factors={(DECOY, "read", "p50"): 0.7}, **ONE))
    yield "broken off", summarise(synthesise(measured=4, **ONE))
    yield "killed in its second block", summarise(synthesise(**ONE)[:3])
    yield "no headlines", summarise(synthesise(loads=ONE["loads"], headlines=[]))
    yield "rejected", summarise(synthesise(change=synthetic.burner, **ONE))
    yield "a rate that is not served", summarise(synthesise(change=on(ASGI, "read", failures=36), **ONE))
    gone = on(ASGI, "read", processes_ended=1, processes_begun=1, dropped=1)
    yield "replaced processes", summarise(synthesise(change=gone, **ONE))
    uneasy = on(ASGI, "read", interference=synthetic.interference(generator_waiting_share=0.03))
    yield "disturbed", summarise(synthesise(spoiled=[2], change=uneasy, **ONE))
    where = synthetic.provenance(dirty=True, stack_cpus=[0, 1], generator_cpus=[1])
    yield "a tree with changes, on shared CPUs", summarise(synthesise(provenance=where, **ONE))
    other = synthetic.resumed(9, provenance=synthetic.provenance(commit="f" * 40), suspect=["a busy machine"])
    yield "resumed", summarise([*synthesise(measured=4, **ONE), other, *synthesise(**ONE)[13:]])
    yield "extended", summarise(synthesise(10, extension=2, extended_to=12, **ONE))
    alike = msgspec.structs.replace(synthetic.stack(ASGI), commands=synthetic.stack(WSGI).commands)
    yield "alike but for the app", summarise(synthesise(stacks=[synthetic.stack(WSGI), alike], **ONE))
    yield from _saturated()
    yield from _blocked()


def _saturated() -> Iterator[tuple[str, Summary]]:
    facts: dict[str, Any] = {"loads": SATURATED, "headlines": SATURATED_HEADLINES}
    faster = {(ASGI, "everyday at saturation", "throughput"): 1.5, (ASGI, "everyday at saturation", "cpu"): 0.7}
    pooled = {
        (load.scenario, name): Pooled(samples=20_000, p50_ms=8, p90_ms=16, p99_ms=32, p999_ms=40)
        for load in SATURATED
        for name in (WSGI, ASGI)
    }
    starving = Route(scenario="everyday at saturation", stack=ASGI, route="POST /api/users", failed_share=0.0,
                     pooled=Pooled(samples=20_000, p50_ms=800, p90_ms=900, p99_ms=950, p999_ms=990))  # fmt: skip
    yield "throughput, and requests that starve", summarise(synthesise(9, faster, **facts), pooled, [starving])
    failing = on(ASGI, "read at saturation", failures=70, failure_examples=["GET /api/users: 503", "GET /: 504"])
    yield "failures at saturation", summarise(synthesise(change=failing, **facts))
    limited = synthetic.interference(generator_cpu_share=0.97)
    yield (
        "the generator was the limit",
        summarise(synthesise(9, faster, on(ASGI, "everyday at saturation", interference=limited), **facts)),
    )
    many = [synthetic.stack(name) for name in (WSGI, ASGI, *(f"stack-{place}" for place in range(9)))]
    yield (
        "many stacks",
        summarise(synthesise(12, faster, stacks=[*many, synthetic.stack(DECOY, decoy_of=WSGI)], **facts)),
    )


def _blocked() -> Iterator[tuple[str, Summary]]:
    yield "blockers", summarise(blocking.records())
    refused = blocking.blocked(0, completed=0, refused=8)
    yield "blockers that are refused", summarise(blocking.records(edit=on(ASGI, "blocking", blocked=refused)))
    row = msgspec.structs.replace(
        blocking.BLOCKING, row="sleep", query="ms=200", happens="One call stops all.", repair="Wait."
    )
    right = msgspec.structs.replace(row, repairs="sleep", holds_loop=False, repair="")
    given = {"sleep": row, "right": right, "sleep control": msgspec.structs.replace(row, control=True)}
    loads = [blocking.load(decoy=False, scenario=name, blocking=each) for name, each in given.items()]
    late = {("sleep", ASGI): 28, ("sleep", "third"): 28, ("right", "third"): 28, ("sleep control", ASGI): 6}

    def edit(block: dict[str, Any]) -> None:
        one = (block["scenario"], block["stack"])
        uneasy = one == ("sleep", "fourth") and block["round"] % 2
        block["blocked"] = blocking.blocked(28 if uneasy else late.get(one, 0))

    stacks = [synthetic.stack(name) for name in (WSGI, ASGI, "third", "fourth")]
    found = summarise(synthesise(2, change=edit, stacks=stacks, loads=loads, headlines=[], profile="lab-kinds"))
    yield "a laboratory run", found


def _said(summary: Summary) -> Iterator[str]:
    """All sentences of a run."""
    for answer in answers.answers(summary):
        yield from (answer.question, *(f"  {line}." for line in answer.lines))
    yield from sentences.texts(sentences.verdict(summary))
    yield sentences.badge(summary)
    yield from (f"{row.situation}: {row.choice} – {row.why}" for row in advised(summary))
    yield from trust.doubts(summary, [])
    yield from filter(None, [conditions.nothing_else(summary)])
    for load in summary.run.loads:
        yield from (repairs.todo(each, load.blocking.repair) for each in summary.repairs
                    if load.blocking and each.scenario == load.scenario)  # fmt: skip


def _bounds() -> Iterator[str]:
    for by in ("cpu", "generator", "slots", "news connections", "something else"):
        facts: Any = {"by": by}
        yield answers.by(
            Bound(scenario="a", stack="b", places=16, cpu_share=0.4, generator_share=0.9, held_share=None, **facts)
        )


def _causes() -> Iterator[str]:
    for each in validity.LIMITS:
        cause = Cause(key=each.key, title=each.title, value=7.25, limit=each.invalid, level="INVALID", unit=each.unit)
        yield from causes([cause])


def _capacity() -> Iterator[str]:
    def one(state: SearchState, **known: Any) -> Capacity:
        return Capacity(
            scenario="read", stack=WSGI, target_ms=100, state=state, saturation=None, cpu_ms=None, by_cpu=None,
            points=[POINT], bracket=Bracket(**{"met": 400.0, "missed": 420.0, **known}),
        )  # fmt: skip

    yield from (capacity.sentence(one(state)) for state in get_args(SearchState))
    yield capacity.sentence(one("at least", limit="generator"))
    yield capacity.sentence(one("at least", missed=None))


def _changes() -> Iterator[str]:
    def run(factor: float, seed: int = 8, rounds: int = 9) -> Summary:
        return summarise(synthesise(rounds, {(ASGI, "read", "p50"): factor}, seed=seed, **ONE))

    first = run(0.8, seed=7)
    for second in (run(1.2), run(0.8), run(0.8, rounds=3)):
        judged = [each for each in change.changes(first, second) if each.why != "exploratory"]
        yield from changes.sentences(judged, change.others(first.run, synthetic.run(seeded_users=1000, **ONE)))
    yield from changes.sentences([], [])


def _lines() -> Iterator[str]:
    usual = Place(scenario="blocking", stack=ASGI, watched="loop", kind="wait", place="shop.py:16", inside_call="sleep", stalls=8,
                  seconds=1.6, longest=0.25, seen=152, samples=160, in_flight=3.0, waiting=None, route="", suspect="", hurt=456,
                  late=224)  # fmt: skip
    for change_ in ({}, {"kind": "pool", "place": "", "route": "GET /held", "waiting": 5}, {"kind": "queue", "place": ""},
                    {"kind": "native", "place": "", "suspect": "shop.py:7", "stalls": 1}):  # fmt: skip
        yield lines.sentence(usual._replace(**change_))
    phases = [BacklogPhase(2, 0, 0), BacklogPhase(4, 2, 37), BacklogPhase(2, 1, 1)]
    queue = AcceptQueue("blocking", ASGI, phases, "")
    nobody, unread = queue._replace(phases=phases[:1] * 3), queue._replace(unread="its servers listen on Unix sockets")
    yield from map(backlog.sentence, (queue, nobody, unread))


def _misled() -> Iterator[str]:
    facts: Any = {"scenario": "sleep", "stack": ASGI, "check": "GET /healthz", "route": "GET /"}
    yield takeaways.sentence(Misled(said="healthy", check_share=0, route_share=0.9, **facts))
    yield takeaways.sentence(Misled(said="ill", check_share=0.9, route_share=0, **facts))


def _amiss() -> Iterator[str]:
    whole = summarise(synthesise())
    for number in (1, 5):
        yield from trust.doubts(whole, [f"samples/{each}-read-asgi.csv.gz: missing" for each in range(number)])


def _section(title: str, found: Iterator[str]) -> str:
    return "\n".join([f"# {title}", *found]) + "\n"


def page() -> str:
    """Return the whole page."""
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "What bounded a stack": _bounds, "What disturbed a block": _causes, "What a search for capacity found": _capacity,
        "What changed between two runs": _changes, "What stood, and who waited": _lines,
        "What misled": _misled, "What is amiss with samples": _amiss,
    }  # fmt: skip
    why = (f"{code}: {reasons.text(every(code))}" for code in get_args(Code))
    named = ((f"Run: {name}", _said(summary)) for name, summary in _runs())
    asked = ((title, said()) for title, said in parts.items())
    return "\n".join(starmap(_section, [("Why there is no verdict, or none more decided", why), *asked, *named]))


if __name__ == "__main__":
    print(page(), end="")
