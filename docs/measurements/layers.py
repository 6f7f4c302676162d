"""Layers of a read: whose the CPU is, by the stacks that profiling/ writes, drawn as a bar in pieces; `path.py` uses it."""

from __future__ import annotations

import re

LAYERS = {
    "uvicorn, gunicorn": ("/uvicorn/protocols/", "/uvicorn/middleware/", "/gunicorn/", "_app/server.py"),
    "Starlette": ("/starlette/", "/anyio/"),
    "Flask and Werkzeug": ("/flask/", "/werkzeug/"),
    "SQLAlchemy": ("/sqlalchemy/", "/greenlet/"),
    "aiosqlite": ("/aiosqlite/",),
    "store: units, statements, SQLite": (
        "_app/stores/", "/userdb/compiled.py", "/userdb/units.py", "/userdb/groups.py", "/userdb/rows.py",
    ),
    "metrics": ("/userdb/metrics.py", "/userdb/counts.py", "/prometheus_client/"),
    "the app: views, seam, bytes": ("/asgi_app/", "/wsgi_app/", "/userdb/"),
}  # fmt: skip
"""Whose the innermost frame in a folder of this list is, in this order; what the standard library and C do for it is its own."""

REST = "event loop, and threads taking turns"
"""Nobody's of the list: callbacks, sockets of the loop, queues between threads."""

COLOURS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#9c755f", "#bab0ac")

_FRAME = re.compile(r'^  File "(.*)", line ', re.MULTILINE)


def layer(stack: str) -> str:
    """Whose a stack is, its innermost frame first."""
    for file in _FRAME.findall(stack):
        for name, parts in LAYERS.items():
            if any(part in file for part in parts):
                return name
    return REST


def shares(stacks: str) -> dict[str, float]:
    """The share of each layer in stacks as faulthandler writes them. Raises SystemExit where there is none."""
    seen = dict.fromkeys([*LAYERS, REST], 0)
    for stack in stacks.split("Stack (most recent call first):\n")[1:]:
        seen[layer(stack)] += 1
    if not (whole := sum(seen.values())):
        raise SystemExit("no thread was seen at work")
    return {name: number / whole for name, number in seen.items() if number}


def picture(found: dict[str, tuple[float, dict[str, float]]]) -> str:
    """A bar for each stack, as long as the CPU of a read in microseconds, in pieces by the share of each layer, as SVG."""
    layers = [*LAYERS, REST]
    colours = dict(zip(layers, COLOURS, strict=True))
    most = max(whole for whole, _ in found.values())
    height = 60 + 44 * len(found) + 20 * len(layers)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="900" height="{height}" fill="white"/>',
        '<text x="10" y="22" font-size="16">CPU of one read in the server\'s process, microseconds</text>',
    ]
    for row, (stack, (whole, spent)) in enumerate(found.items()):
        at, y = 130.0, 40 + 44 * row
        parts.append(f'<text x="10" y="{y + 20}">{stack}</text>')
        for name in layers:
            own = whole * spent.get(name, 0.0)
            wide = 700 * own / most
            parts.append(f'<rect x="{at:.1f}" y="{y}" width="{wide:.1f}" height="32" fill="{colours[name]}"/>')
            if wide > 24:
                parts.append(f'<text x="{at + wide / 2:.1f}" y="{y + 21}" text-anchor="middle">{own:.0f}</text>')
            at += wide
        parts.append(f'<text x="{at + 6:.1f}" y="{y + 21}">{whole:.0f}</text>')
    for row, name in enumerate(layers):
        y = 52 + 44 * len(found) + 20 * row
        parts.append(f'<rect x="130" y="{y}" width="14" height="14" fill="{colours[name]}"/>')
        parts.append(f'<text x="152" y="{y + 12}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def table(found: dict[str, tuple[float, dict[str, float]]]) -> str:
    """The same as a Markdown table."""
    layers = [name for name in [*LAYERS, REST] if any(name in spent for _, spent in found.values())]
    lines = [
        "| µs of CPU per read | " + " | ".join(f"`{stack}`" for stack in found) + " |",
        "|---|" + "---:|" * len(found),
    ]
    for name in layers:
        cells = (f"{whole * spent[name]:.0f}" if name in spent else "–" for whole, spent in found.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, f"| all | {' | '.join(f'{whole:.0f}' for whole, _ in found.values())} |"])
