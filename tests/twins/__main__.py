"""The two apps side by side: `make twins`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import TextIO

from tests.twins.columns import sheet
from tests.twins.normal import ROOT
from tests.twins.page import page
from tests.twins.rows import names

WIDTH = 200
"""Characters of a line where nobody says how many there are room for: in a file or a pipe without COLUMNS."""

PAGE = ROOT / "build" / "twins.html"


def main(arguments: list[str] | None = None) -> None:
    """Print both apps in two columns, through the pager where there is one, or write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.twins", description=__doc__)
    parser.add_argument("--html", action="store_true", help="write build/twins.html instead, and print where it is")
    if parser.parse_args(arguments).html:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page())
        print(PAGE)
        return
    columns = width(sys.stdout)
    show("\n".join(line for name in names() for line in sheet(name, columns)))


def width(stream: TextIO) -> int:
    """The characters of a line of a terminal; for what is none, COLUMNS or WIDTH."""
    if stream.isatty():
        return os.get_terminal_size(stream.fileno()).columns or WIDTH
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and int(told) else WIDTH


def show(text: str) -> None:
    """Show it through the pager that the person at the terminal likes, if any."""
    pager = os.environ.get("PAGER")
    if pager and sys.stdout.isatty():
        subprocess.run(pager, shell=True, input=text + "\n", text=True, check=False)
    else:
        print(text)


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # a pipe whose reader has left early
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
