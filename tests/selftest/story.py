"""What a proof tells: what it did, what it saw, and what would have been wrong; written for somebody who doubts it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

WIDTH = 118


@dataclass
class Story:
    """The story of one proof. It is told before anything is asserted, so that a proof that fails shows its numbers, too."""

    publish: Callable[[Story], None]
    did: str = ""
    saw: list[str] = field(default_factory=list)
    wrong: str = ""

    def __call__(self, *, did: str, saw: Sequence[str], wrong: str) -> None:
        """Tell it; every part is needed."""
        self.did, self.saw, self.wrong = did, list(saw), wrong
        self.publish(self)

    @property
    def told(self) -> bool:
        """Whether all of it was told."""
        return bool(self.did and self.saw and all(self.saw) and self.wrong)


def render(title: str, story: Story) -> str:
    """Return a story as lines of text."""
    lines = [title.strip().partition("\n")[0], *_part("did:   ", story.did)]
    for number, each in enumerate(story.saw):
        lines += _part("       " if number else "saw:   ", each)
    return "\n".join([*lines, *_part("would have been wrong: ", story.wrong)])


def _part(name: str, text: str) -> list[str]:
    """Return one part of a story, wrapped."""
    return textwrap.wrap(text, WIDTH, initial_indent=f"    {name}", subsequent_indent=" " * 13)
