"""Document: `summary.json`, the summary as data with the sentences that follow from it."""

from __future__ import annotations

import msgspec

from tandem.judge.summary import Summary
from tandem.report import answers, sentences
from tandem.report.answers import Answer
from tandem.report.sentences import Line, Row


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What the report says about the run, as on its pages."""

    badge: str
    answers: list[Answer]  # to the questions that people ask first
    verdict: list[Line]  # what matters most first
    advice: list[Row]


class Document(Summary, frozen=True, kw_only=True):
    """What `summary.json` holds."""

    text: Text


def document(summary: Summary) -> Document:
    """Return the summary with its sentences."""
    text = Text(
        badge=sentences.badge(summary),
        answers=answers.answers(summary),
        verdict=sentences.verdict(summary),
        advice=sentences.advice(summary),
    )
    return Document(**msgspec.structs.asdict(summary), text=text)
