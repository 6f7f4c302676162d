"""The two apps side by side: `make twins`."""

from __future__ import annotations

import difflib
import os
import shutil
import sys

from tests.twins.differences import SAME_OUTLINE, SAME_TEXT
from tests.twins.normal import ROOT


def main() -> None:
    """Print every file of both apps in two columns, with a mark on each line that differs."""
    width = max(60, (shutil.get_terminal_size((200, 40)).columns - 3) // 2)
    for name in sorted(SAME_TEXT + SAME_OUTLINE):
        print(f"\n{('wsgi_app/' + name):<{width}}   asgi_app/{name}\n{'-' * (2 * width + 3)}")
        left, right = ((ROOT / app / name).read_text().splitlines() for app in ("wsgi_app", "asgi_app"))
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            for row in range(max(i2 - i1, j2 - j1)):
                a = left[i1 + row] if i1 + row < i2 else ""
                b = right[j1 + row] if j1 + row < j2 else ""
                print(f"{a[:width]:<{width}} {' ' if tag == 'equal' else '|'} {b[:width]}".rstrip())


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # a pager that was left early
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
