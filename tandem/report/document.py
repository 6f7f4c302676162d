"""Document: `summary.json`, the summary as data with the sentences that follow from it."""

from __future__ import annotations

import msgspec

from tandem.judge.capacity import Capacities, Capacity, Higher
from tandem.judge.summary import Summary
from tandem.records.capacity import Level
from tandem.records.journal import End
from tandem.report import answers, capacity, sentences
from tandem.report.advice import Row, advised
from tandem.report.answers import Question
from tandem.report.sentences import Line


class ReportText(msgspec.Struct, frozen=True, kw_only=True):
    """What the report says about the run, as on its pages."""

    badge: str
    answers: list[Question]  # to the questions that people ask first
    verdict: list[Line]  # what matters most first
    advice: list[Row]


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """What a search for capacity found; alone it is `capacity.json`."""

    levels: list[Level]
    end: End | None  # None: it was killed
    found: list[Capacity]
    higher: list[Higher]  # its verdicts
    text: list[str]  # what the report says of it


class Document(Summary, frozen=True, kw_only=True):
    """What `summary.json` holds."""

    text: ReportText
    capacity: Searched | None  # None: it was not searched for


def searched(found: Capacities) -> Searched:
    """Return what a search found, with its sentences."""
    return Searched(
        levels=found.search.levels, end=found.end, found=found.found, higher=found.higher, text=capacity.texts(found)
    )


def document(summary: Summary, found: Capacities | None = None) -> Document:
    """Return the summary with its sentences, and what a search for capacity found beside it."""
    text = ReportText(
        badge=sentences.badge(summary),
        answers=answers.answers(summary),
        verdict=sentences.verdict(summary),
        advice=advised(summary),
    )
    return Document(**msgspec.structs.asdict(summary), text=text, capacity=searched(found) if found else None)
