"""Both apps side by side as one page that needs nothing else: `make twins HTML=1`."""

from __future__ import annotations

import difflib
import re
from html import escape

from tests.twins.rows import APPS, Line, Row, names, rows

STYLE = """
:root { color-scheme: light dark; --ground: light-dark(#fff, #16181d); --ink: light-dark(#1b1f24, #dfe3ea);
  --faint: light-dark(#6b7280, #8b93a1); --edge: light-dark(#e3e6ea, #2c313a);
  --differs: light-dark(#fff6dc, #332b16); --word: light-dark(#ffdf85, #6b5518); }
body { margin: 0 auto; padding: 1rem; max-width: 110rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
nav a { margin-right: 1rem; color: inherit; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; font: .8rem/1.45 ui-monospace, monospace; }
th { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--edge); }
td { vertical-align: top; padding: 0 .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
td.number { text-align: right; color: var(--faint); user-select: none; white-space: nowrap; }
col.number { width: 3.5rem; }
tr.differs td { background: var(--differs); }
mark { background: var(--word); color: inherit; border-radius: 2px; }
p { margin: .25rem 0 .75rem; color: var(--faint); }
"""

_WORD = re.compile(r"\w+|\W")


def page() -> str:
    """All files of both apps."""
    links = "\n".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names())
    files = "\n".join(_file(name) for name in names())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<title>The twins</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>The twins</h1>\n"
        f"<p>The same application, synchronous at the left and asynchronous at the right. What differs is marked.</p>\n"
        f"<nav>\n{links}\n</nav>\n{files}\n</body>\n</html>\n"
    )


def _file(name: str) -> str:
    heads = "".join(f'<th scope="colgroup" colspan="2">{app}/{escape(name)}</th>' for app in APPS)
    body = "\n".join(_row(row) for row in rows(name))
    columns = '<col class="number"><col>' * 2
    return (
        f'<h2 id="{escape(name)}">{escape(name)}</h2>\n<table><colgroup>{columns}</colgroup>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    )


def _row(row: Row) -> str:
    one, other = (line.text if line else "" for line in (row.left, row.right))
    left, right = (escape(one), escape(other)) if row.is_same else _marked(one, other)
    kind = "same" if row.is_same else "differs"
    return f'<tr class="{kind}">{_cells(row.left, left)}{_cells(row.right, right)}</tr>'


def _cells(line: Line | None, code: str) -> str:
    return f'<td class="number">{line.number if line else ""}</td><td>{code}</td>'


def _marked(left: str, right: str) -> tuple[str, str]:
    """Both lines, the words that only one has marked in it."""
    one, other = _WORD.findall(left), _WORD.findall(right)
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < 0.5:  # two lines that have little to do with each other
        return escape(left), escape(right)
    codes = matcher.get_opcodes()
    return (
        "".join(_piece(one[i1:i2], tag) for tag, i1, i2, _, _ in codes),
        "".join(_piece(other[j1:j2], tag) for tag, _, _, j1, j2 in codes),
    )


def _piece(words: list[str], tag: str) -> str:
    text = escape("".join(words))
    return f"<mark>{text}</mark>" if text and tag != "equal" else text
