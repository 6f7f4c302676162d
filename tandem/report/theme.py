"""Theme: the colours of the charts, each with the CSS variable for it, so that one picture serves light and dark.

The series are from the colour-blind-safe palette of Okabe and Ito (2008); shape and dash say the same once more.
"""

from __future__ import annotations

import re

from tandem.records.setup import Run

INK, MUTED, GRID, BAND, PAPER = "#1f2328", "#59636e", "#d1d9e1", "#e4e9ee", "#fffffe"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#b3578b", "#8c6d01")
DECOY_COLOUR = "#767677"
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
DASHES = ([1, 0], [7, 3], [2, 2], [9, 2, 2, 2], [4, 4])
VARIABLES = {
    INK: "--ink", MUTED: "--muted", GRID: "--grid", BAND: "--band", PAPER: "--paper", DECOY_COLOUR: "--decoy",
    **{colour: f"--series-{number}" for number, colour in enumerate(SERIES, 1)},
}  # fmt: skip

Style = tuple[str, str, list[int]]  # colour, shape, dash


def styles(run: Run) -> dict[str, Style]:
    """Return each stack's style: the baseline has the first one, decoys are grey and dotted.

    Of more than five each next five have the same colours with the next shapes and dashes: 25 are told apart.
    """
    others = [stack.name for stack in run.stacks if stack.name != run.baseline and stack.decoy_of is None]
    order = [run.baseline, *others]
    places = [(i % 5, (i + i // 5) % 5) for i in range(len(order))]
    found = {name: (SERIES[i], SHAPES[j], DASHES[j]) for name, (i, j) in zip(order, places, strict=True)}
    return {stack.name: found.get(stack.name, (DECOY_COLOUR, "diamond", [2, 3])) for stack in run.stacks}


def variable(colour: str) -> str:
    """Return the CSS that stands for a colour of the theme."""
    return f"var({VARIABLES[colour]})"


def adapt(svg: str) -> str:
    """Replace the colours of a picture by CSS variables."""
    return re.sub("|".join(VARIABLES), lambda match: variable(match[0]), svg)
