"""Is anything in a page that the page did not mean?"""

from __future__ import annotations

import re
from html.parser import HTMLParser

SCRIPT = '"><script>alert(1)</script>'
RUN_TWICE = str(7919 * 7927)
"""What a template would make of its own language in a value."""

HOSTILE = [
    SCRIPT,
    "'onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</title></textarea><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{7919*7927}}{% debug %}${7919*7927}<%= 7919*7927 %>",
    "<!--<svg/onload=alert(1)>",
    "&lt;script&gt;&#60;b&#62;",
]

# Where attributes hold a URL.
URLS = {"href", "src", "action", "formaction", "srcset", "data", "poster"}
_WITHIN = re.compile(r"/(?![/\\])|#|\Z")


class _Looking(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "svg", "iframe", "object", "embed", "style", "base"):
            self.found.append(f"<{tag} {dict(attrs).get('src')}>")
        for name, value in attrs:
            elsewhere = name in URLS and not _WITHIN.match(value or "")
            if name.startswith("on") or name in ("style", "srcdoc") or elsewhere:
                self.found.append(f"<{tag} {name}={value}>")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")


def active(page: str) -> list[str]:
    """Everything in a page that would run, load from elsewhere or lead elsewhere."""
    looking = _Looking()
    looking.feed(page)
    looking.close()
    return looking.found + [RUN_TWICE] * (RUN_TWICE in page)
