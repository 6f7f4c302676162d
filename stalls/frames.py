"""From the frames of a thread to the line of the app. Reads no source and does no I/O: it runs while the loop stands."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import CodeType, FrameType
from typing import NamedTuple

FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
LIBRARIES = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})
PLUMBING = (
    "asyncio", "uvloop", "uvicorn", "gunicorn", "hypercorn", "anyio", "sniffio", "starlette", "fastapi", "flask",
    "werkzeug", "concurrent", "threading.py", "contextlib.py", "selectors.py", "contextvars.py", "socketserver.py",
)  # fmt: skip
"""Packages and modules that carry a request and are never its cause."""


class Spot(NamedTuple):
    """Where one frame stood: its code, its line, and its instruction."""

    code: CodeType
    line: int
    instruction: int


def depth(frame: FrameType | None) -> int:
    """How many frames there are from this one outwards."""
    count = 0
    while frame is not None:
        count, frame = count + 1, frame.f_back
    return count


def spots(frame: FrameType | None, base: int = 0) -> list[Spot]:
    """The stack, innermost first, without its `base` outermost frames. No frame is kept: that would keep what it holds."""
    found = []
    while frame is not None:
        found.append(Spot(frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno, frame.f_lasti))
        frame = frame.f_back
    return found[: max(len(found) - base, 0)]


def is_own(file: str) -> bool:
    """Whether a file is the app's own: neither of the standard library, nor installed, nor of this package."""
    return not (
        file.startswith(("<frozen", FOLDER, *LIBRARIES)) or "/site-packages/" in file or "/dist-packages/" in file
    )


def is_ours(stack: tuple[Spot, ...]) -> bool:
    """Whether a thread stood nowhere, or in this package alone."""
    return all(spot.code.co_filename.startswith(FOLDER) for spot in stack)


def is_plumbing(file: str) -> bool:
    """Whether a file only carries requests."""
    return file.startswith(("<frozen", FOLDER)) or any(f"{os.sep}{name}" in file for name in _AS_PATHS)


_AS_PATHS = tuple(name if name.endswith(".py") else name + os.sep for name in PLUMBING)


def culprit(stack: list[Spot]) -> Spot | None:
    """The line to be named: the innermost of the app; else the innermost that is no plumbing; None in an idle thread."""
    for spot in stack:
        if is_own(spot.code.co_filename):
            return spot
    return next((spot for spot in stack if not is_plumbing(spot.code.co_filename)), None)


def short(file: str, folder: str = os.getcwd() + os.sep) -> str:
    """A file's name, from the folder in which the process was started."""
    if file.startswith(folder):
        return file[len(folder) :]
    for library in LIBRARIES:
        if file.startswith(library):
            return file[len(library) :]
    return file


def above(stack: list[Spot], module: str) -> tuple[Spot, ...]:
    """What a module of this package has called: the stack above its frame; nothing where it is not on the stack."""
    file = FOLDER + module
    ends = (index for index, spot in enumerate(stack) if spot.code.co_filename == file)
    return tuple(stack[: next(ends, 0)])


def told(spot: Spot) -> str:
    """A spot as people read it."""
    return f"{short(spot.code.co_filename)}:{spot.line} {spot.code.co_qualname}"


def own_frame_of_caller() -> int:
    """How many frames lie below the callback that asks: what belongs to whoever runs the loop."""
    return depth(sys._getframe(2))
