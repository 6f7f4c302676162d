"""Layers of a read: on which CPU is spent, looked for every millisecond, and drawn as a bar in pieces; `path.py` uses it."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

LAYERS = {
    "uvicorn": ("/uvicorn/", "/httptools/"),
    "Starlette": ("/starlette/", "/anyio/"),
    "Flask and Werkzeug": ("/flask/", "/werkzeug/"),
    "SQLAlchemy": ("/sqlalchemy/", "/greenlet/"),
    "aiosqlite": ("/aiosqlite/",),
    "store: units, statements, SQLite": (
        "_app/stores/", "/userdb/compiled.py", "/userdb/units.py", "/userdb/groups.py", "/userdb/rows.py",
    ),
    "metrics": ("/userdb/metrics.py", "/userdb/counts.py", "/prometheus_client/"),
    "the app: views, seam, bytes": ("asgi_app/", "wsgi_app/", "/userdb/"),
}  # fmt: skip
"""Whose the innermost Python frame is, in this order; what C does for it counts as its own. What is left is the loop's."""

LOOP_LAYER = "event loop, or the caller"
COLOURS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#9c755f", "#bab0ac")

SOON = 0.000_001
"""Seconds after which a thread gives up the interpreter's lock to one that wants it. At the usual 5 ms the sampler would mostly
get it where it is given up anyway, before a system call or a query; it still does so more often than elsewhere (path.md)."""


class Sampler(threading.Thread):
    """Looks every millisecond or so on which line each thread is, and counts the CPU that the thread has had since."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.spent: dict[str, float] = {}
        self._over = threading.Event()

    def __enter__(self) -> Sampler:
        self._usual = sys.getswitchinterval()
        sys.setswitchinterval(SOON)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        sys.setswitchinterval(self._usual)

    def run(self) -> None:
        # Off the app's CPU, where it would be let in mostly when the app's thread makes a system call.
        os.sched_setaffinity(threading.get_native_id(), range(os.cpu_count() or 1))
        own, before = threading.get_ident(), dict[int, float]()
        while not self._over.wait(0.001):
            for thread, frame in sys._current_frames().items():
                if thread != own:
                    now = time.clock_gettime(time.pthread_getcpuclockid(thread))
                    layer = _layer(frame)
                    self.spent[layer] = self.spent.get(layer, 0.0) + now - before.get(thread, now)
                    before[thread] = now


def _layer(frame: Any) -> str:
    while frame is not None:
        file = frame.f_code.co_filename
        for layer, parts in LAYERS.items():
            if any(part in file for part in parts):
                return layer
        frame = frame.f_back
    return LOOP_LAYER


def picture(found: dict[tuple[str, str], dict[str, float]]) -> str:
    """A bar for each app and store, in pieces by layer, as SVG."""
    layers = [*LAYERS, LOOP_LAYER]
    colours = dict(zip(layers, COLOURS, strict=True))
    height = 60 + 44 * len(found) + 20 * len(layers)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="900" height="{height}" fill="white"/>',
        '<text x="10" y="22" font-size="16">CPU of one read within the process, microseconds (all bars are as long)</text>',
    ]
    for row, ((app, store), spent) in enumerate(found.items()):
        at, y = 170.0, 40 + 44 * row
        parts.append(f'<text x="10" y="{y + 20}">{app}, {store}</text>')
        for layer in layers:
            wide = 620 * spent.get(layer, 0.0) / sum(spent.values())
            parts.append(f'<rect x="{at:.1f}" y="{y}" width="{wide:.1f}" height="32" fill="{colours[layer]}"/>')
            if wide > 22:
                parts.append(
                    f'<text x="{at + wide / 2:.1f}" y="{y + 21}" text-anchor="middle">{spent[layer]:.0f}</text>'
                )
            at += wide
        parts.append(f'<text x="{at + 6:.1f}" y="{y + 21}">{sum(spent.values()):.0f}</text>')
    for row, layer in enumerate(layers):
        y = 52 + 44 * len(found) + 20 * row
        parts.append(f'<rect x="170" y="{y}" width="14" height="14" fill="{colours[layer]}"/>')
        parts.append(f'<text x="192" y="{y + 12}">{layer}</text>')
    return "\n".join([*parts, "</svg>", ""])
