"""Templates: the pages, with everything escaped that is put into them."""

from __future__ import annotations

from pathlib import Path

import jinja2


def page(name: str) -> jinja2.Template:
    """Return a template; a value that is missing is an error and not an empty place."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
