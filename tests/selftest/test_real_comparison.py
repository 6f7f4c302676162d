"""A/A for real, and a known difference: `tandem compare` with two toys, all of it as a person would run it."""

from __future__ import annotations

import json
import math
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tandem import statistics
from tandem.judge.metrics import METRICS
from tandem.judge.rounds import Rounds
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.plan.definition import DECOY
from tandem.records import journal
from tandem.report import reasons, sentences
from tests.selftest import toy
from tests.selftest.story import Story
from tests.support import command
from tests.support.command import RECORDS, TANDEM

BASELINE, SLOWER = "toy", "toy-slower"
ROUNDS, RATE = 7, 200  # 2 headlines and a challenger: 2/2⁷ is the first below 0.05/2


class Compared(NamedTuple):
    """A run: where it is, how it was killed and what it had left then; what it found, its rounds, and what it said."""

    folder: Path
    killed: int
    before: bytes
    summary: Summary
    rounds: Rounds
    said: str


@pytest.fixture(scope="module")
def compared(alone: None, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """A run of two toys and the decoy, 7 rounds of 1 s blocks; killed in its second block, reported, and resumed."""
    folder = tmp_path_factory.mktemp("compared")
    toys = {
        BASELINE: toy.definition("A toy that sleeps for 10 ms", "sleep_ms=10"),
        SLOWER: toy.definition("The same toy, 10 % slower", "sleep_ms=11"),
    }
    (folder / "toys.toml").write_text(toy.stacks_file(toys))
    # fmt: off
    arguments = [
        "compare", "--stacks-file", "toys.toml", "--stacks", ",".join(toys), "--baseline", BASELINE, "--scenarios", "read",
        "--rounds", str(ROUNDS), "--seconds", "1", "--warmup", "1", "--rate", str(RATE), "--seed", "8", "--seed-users", "100",
        "--allow-dirty", "--quiet-wait", "0",
    ]
    # fmt: on
    killed = command.stop_in_a_block(arguments, folder, signal.SIGKILL)
    before = (folder / RECORDS).read_bytes()
    command.assert_it_can_be_reported(folder)
    done = _resume(folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    latest = (folder / RECORDS).parent
    summary = msgspec.json.decode((latest / "summary.json").read_bytes(), type=Summary)
    return Compared(folder, killed, before, summary, Rounds(journal.read(folder / RECORDS)), done.stdout)


def _resume(folder: Path) -> subprocess.CompletedProcess[str]:
    """Go on with the run. Killed when it takes too long; its children end with it."""
    arguments = ["compare", "--resume", "results/latest", "--allow-dirty", "--quiet-wait", "0"]
    return subprocess.run([*TANDEM, *arguments], cwd=folder, capture_output=True, text=True, timeout=400, check=False)


def test_a_run_that_was_killed_goes_on_to_its_end(compared: Compared, tell: Story) -> None:
    """Killed with SIGKILL in its second block, a run leaves nothing running, can be reported, and is resumed to its end."""
    records = (compared.folder / RECORDS).read_bytes()
    lines = [json.loads(line) for line in records.splitlines()]
    again = _resume(compared.folder)
    measured = {line["round"] for line in lines if line["type"] == "block"}
    tell(
        did="Killed the run with SIGKILL in its second block, looked for its processes, made its report, resumed it to its "
        "end, and resumed it once more.",
        saw=[
            f"its status was {compared.killed}; none of its processes was left; the report said that it is not complete",
            f"resumed, it measured the rounds {sorted(measured)} and left the first {len(compared.before)} bytes of its "
            "records as they were",
            f"resumed once more: {again.stderr.strip()}",
        ],
        wrong="a server that goes on without the harness, a record that changed or is missing, or a complete run that is "
        "measured once more.",
    )
    assert compared.killed == -signal.SIGKILL
    assert records.startswith(compared.before)
    assert [line["type"] for line in lines].count("resumed") == 1
    assert (lines[-1]["type"], lines[-1]["complete"]) == ("end", True)
    assert measured == set(range(1, ROUNDS + 1))
    assert compared.summary.complete
    assert again.returncode == 2
    assert "nothing is missing" in again.stderr


def test_same_stacks_for_real(compared: Compared, tell: Story) -> None:
    """A/A for real: the baseline and its decoy, the same toy under another name, through `tandem compare`."""
    judged = [_found(compared, DECOY, metric) for metric in ("cpu", "p50")]
    blocks = [block for attempt in compared.rounds.attempts for block in attempt.blocks.values()]
    tell(
        did="Ran `tandem compare` on this machine with a toy, its decoy and one that is 10 % slower: "
        f"{ROUNDS} rounds, blocks of 1 s at {RATE}/s.",
        saw=[
            *(f"{line(each)}; {over_all(compared, each.stack, each.metric)}" for each in judged),
            f"the run says: {' '.join(sentences.texts(sentences.verdict(compared.summary)))}",
            f"its badge: {sentences.badge(compared.summary)}; {len(blocks)} blocks on record, repeats included",
        ],
        wrong="a record that is missing, a decoy that was not judged, or the same code twice or half as fast as "
        "itself. (Verdicts are shown and not asserted: chance may give a false one in 5 % of runs, and the "
        "simulated ones count those. On a machine in use all rounds may be INVALID; then there are no verdicts, and "
        "all rounds are looked at.)",
    )
    assert compared.summary.rounds_complete == ROUNDS
    assert compared.summary.complete
    assert all(block.lost_or_duplicated == block.mismatched_requests == 0 for block in blocks)
    assert {each.kind for each in judged} == {"decoy"}
    for each in judged:
        assert each.verdict != "not judged" or compared.summary.not_judged
        assert 0.5 < math.exp(statistics.estimate(_logs(compared, each.stack, each.metric))) < 2


def test_ten_percent_are_found(compared: Compared, tell: Story) -> None:
    """10 % more service time is found: 11 ms instead of 10."""
    logs = _logs(compared, SLOWER, "p50")
    bounds = statistics.interval(logs, 0.05)
    tell(
        did="Took the stack that sleeps for 11 ms instead of 10 from the same run.",
        saw=[
            f"{line(_found(compared, SLOWER, 'p50'))}; {over_all(compared, SLOWER, 'p50')}",
            f"p50 of each round, 11 ms to 10 ms: {', '.join(f'{math.exp(log):.3f}' for log in logs)}",
        ],
        wrong="an interval that holds 1, or an estimate outside of 1.03 to 1.2. (As 10 % is just the size from "
        "which on a difference matters, the verdict may well be “undecided”; found it must be.)",
    )
    assert len(logs) == ROUNDS
    assert bounds is not None
    assert bounds[0] > 0
    assert 1.03 < math.exp(statistics.estimate(logs)) < 1.2


def _found(compared: Compared, stack: str, metric: str) -> Ratio:
    return next(c for c in compared.summary.comparisons if (c.stack, c.metric) == (stack, metric))


def _logs(compared: Compared, stack: str, metric: str) -> list[float]:
    """Return the log ratio to the baseline of the last attempt of each round, INVALID or not."""
    last = {attempt.round: attempt for attempt in compared.rounds.complete}
    pairs = [[METRICS[metric].value(each.blocks["read", name]) for name in (BASELINE, stack)] for each in last.values()]
    return [math.log(ours / theirs) for theirs, ours in pairs if ours and theirs]


def line(comparison: Ratio) -> str:
    """Return a comparison as a line."""
    found = "no estimate"
    if comparison.estimate is not None and comparison.adjusted is not None:
        bounds = f"{comparison.adjusted.low:.3f} to {comparison.adjusted.high:.3f}"
        found = f"{comparison.estimate:.3f}, {100 * comparison.confidence:.4g} % interval {bounds}"
    reason = f" ({reasons.text(comparison.reason)})" if comparison.reason else ""
    return f"{comparison.metric} of {comparison.stack} to {comparison.baseline}: {found}, {comparison.verdict}{reason}"


def over_all(compared: Compared, stack: str, metric: str) -> str:
    """Return the ratio over all rounds as text."""
    logs = _logs(compared, stack, metric)
    low, high = statistics.interval(logs, 0.05) or (-math.inf, math.inf)
    centre = math.exp(statistics.estimate(logs))
    return f"over all {len(logs)} rounds, valid or not: {centre:.3f}, 95 % interval {math.exp(low):.3f} to {math.exp(high):.3f}"
