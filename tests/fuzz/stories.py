"""Stories: sequences in which people register, log in, change, are stale, leave, with what each stack gave them itself.

Acts are in api_acts.py and page_acts.py. Each says what status is meant to come; the tests hold it against what came, lest all
of this is refused at the door.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.fuzz import api_acts, page_acts, requests
from tests.fuzz.step import Step
from tests.fuzz.story import Story
from tests.fuzz.values import chance

MOST_ACTS = 12


def does_anything(story: Story) -> None:
    """A request that knows nothing of the story."""
    story.steps.append(story.draw(requests.step()))


Act = Callable[[Story], None]

CHEAP: tuple[Act, ...] = (
    api_acts.reads, api_acts.changes, api_acts.replaces, page_acts.edits, page_acts.administers, api_acts.creates,
    api_acts.imports, page_acts.looks_around, page_acts.crosses_over, page_acts.comes_from_elsewhere,
)  # fmt: skip
DEAR: tuple[Act, ...] = (
    api_acts.logs_in, api_acts.guesses, api_acts.changes_password, api_acts.logs_out, api_acts.uses_what_is_old,
    api_acts.removes_himself, page_acts.registers, page_acts.logs_in_by_page, page_acts.edits_password,
    page_acts.removes_by_page, page_acts.logs_out_by_page, does_anything,
)  # fmt: skip
"""They look at passwords, or make that somebody has to log in again."""

ACTS = CHEAP * 2 + DEAR


@st.composite
def story(draw: DrawFn) -> list[Step]:
    """A whole story; now and then one of its requests is left out or asked twice, and then nothing is meant any more."""
    told = Story(draw)
    for act in draw(st.lists(st.sampled_from(ACTS), min_size=1, max_size=MOST_ACTS)):
        told.act = act.__name__
        act(told)
    steps = told.steps
    if not steps or not chance(draw, 4):
        return steps
    number = draw(st.integers(0, len(steps) - 1))
    steps[number : number + 1] = [steps[number]] * (2 if chance(draw, 2) else 0)
    return [Step(step.kind, step.request) for step in steps]
