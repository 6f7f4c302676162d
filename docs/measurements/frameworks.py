"""Measure the same read and the same wait in other frameworks: `make peers` prints the Markdown table.

Each peer (`peers/`) runs in the environment build/peers, without nginx, as do the project's own stacks, on the first CPU. Before
anything is measured, each must answer the same JSON as ours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import asking
from asking import Bench, Found, Target, reading, turn

from tandem.launch import database, news, ports, process, readiness, signals
from tandem.launch.process import Child, Children
from tandem.paths import PROJECT
from tandem.plan import apps
from tandem.plan import stacks as tandem_stacks

PYTHON = PROJECT / "build" / "peers" / "bin" / "python"
PEERS = {
    "FastAPI": ("fastapi", "fastapi_app"),
    "Litestar": ("litestar", "litestar_app"),
    "Quart": ("quart", "quart_app"),
    "Django, WSGI": ("django", "django_wsgi"),
    "Django, ASGI": ("django", "django_asgi"),
    "Falcon": ("falcon", "falcon_app"),
    "BlackSheep": ("blacksheep", "blacksheep_app"),
}
"""By its name: the package whose version counts, and the module."""

OURS = ("wsgi-gthread", "asgi", "wsgi-direct", "asgi-direct")
PATHS = {"read": "/api/users/{}", "wait": "/api/users/{}/news"}
CONNECTIONS = {"read": 32, "wait": 256}


def command(module: str, port: int) -> list[str]:
    """How a peer is served: with the options of the stack whose server it has."""
    own, server = ("wsgi-gthread", "wsgi_app") if module.endswith("_wsgi") else ("asgi", "asgi_app")
    replaced = {
        f"{server}.app:create_app()": f"peers.{module}:app",
        f"{server}.app:create_app": f"peers.{module}:app",
        "asgi_app.server:Protocol": "httptools",
        "wsgi_app.server.ThreadWorker": "gthread",
        "on" if module == "django_asgi" else "": "off",  # Django takes no part in the lifespan
    }
    filled = tandem_stacks.load()[own].filled_command(1, port, str(PYTHON))
    return [replaced.get(each, each) for each in filled if each != "--factory"]


@contextmanager
def serving(
    bench: Bench, names: tuple[str, ...], news_url: str = "http://127.0.0.1:9/news"
) -> Iterator[dict[str, Target]]:
    """These peers, each with a copy of the database. Raises SystemExit where they aren't installed."""
    if not (PYTHON.parents[1] / "ready").exists():
        raise SystemExit("the peers are not installed: run `make peers` first")
    with tempfile.TemporaryDirectory(dir=bench.folder) as name, Children() as children:
        folder, found = Path(name), {}
        for peer in names:
            file, port = folder / f"{PEERS[peer][1]}.db", ports.free_port()
            database.restore(apps.load()["userdb"], bench.seeded, file, folder / "restore.log")
            given = process.environment({"DATABASE": str(file), "NEWS_URL": news_url})
            child = Child(
                peer, command(PEERS[peer][1], port), log=folder / f"{port}.log", cpus=bench.cpus[:1], env=given, cwd=PROJECT,
            )  # fmt: skip
            children.add(child)
            readiness.wait(children, peer, port, "/api/users/7")
            found[peer] = Target(port, [child.pid])
        yield found


def answered(target: Target, path: str) -> object:
    """The JSON that somebody answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{target.port}{path.format(1234)}", timeout=30) as answer:
        return list(json.load(answer).items())


def measure(bench: Bench) -> dict[str, dict[str, list[Found]]]:
    """Everyone at both works, by turns. Raises SystemExit where somebody answers anything else than ours."""
    with ExitStack() as exits:
        port = ports.free_port()
        exits.enter_context(news.stub(port=port, delay=0.1, logs=bench.folder, cpus=bench.cpus[-1:]))
        served = exits.enter_context(bench.stacks(*OURS))
        targets = {name: each.alone for name, each in served.items()}
        targets |= exits.enter_context(serving(bench, tuple(PEERS), f"http://127.0.0.1:{port}/news"))
        for path in PATHS.values():
            right = answered(targets["asgi"], path)
            wrong = [name for name, target in targets.items() if answered(target, path) != right]
            if wrong:
                raise SystemExit(f"not the same JSON at {path}: {', '.join(wrong)}")
        return {
            work: bench.turns(
                work,
                {
                    name: partial(
                        turn, target, reading(bench.users, path), connections=CONNECTIONS[work],
                        seconds=bench.seconds, before=1.0,
                    )
                    for name, target in targets.items()
                },
            )
            for work, path in PATHS.items()
        }  # fmt: skip


def versions() -> dict[str, str]:
    """Of each peer, and of what serves them."""
    packages = sorted({package for package, _ in PEERS.values()} | {"uvicorn", "gunicorn", "aiosqlite"})
    code = f"import importlib.metadata as m, json; print(json.dumps({{p: m.version(p) for p in {packages}}}))"
    told = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True).stdout
    return {str(name): str(version) for name, version in json.loads(told).items()}


def table(found: dict[str, dict[str, list[Found]]], known: dict[str, str]) -> str:
    """The Markdown table: estimates over the rounds, ratios within them."""
    lines = [
        "| app | version | read, answers/s | CPU, ms | CPU ÷ asgi (95 %) | "
        "wait, answers/s | CPU, ms | p99, ms | CPU ÷ asgi (95 %) |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in found["read"]:
        version = known[PEERS[name][0]] if name in PEERS else "this project"
        cells = [f"`{name}`" if name in OURS else name, version]
        for work in PATHS:
            own = found[work][name]
            rate, cpu, p99 = (
                statistics.median(getattr(each, field) for each in own) for field in ("rate", "cpu_ms", "p99_ms")
            )
            ratios = [one.cpu_ms / other.cpu_ms for one, other in zip(own, found[work]["asgi"], strict=True)]
            cells += [f"{rate:.0f}", f"{cpu:.3f}", *([f"{p99:.0f}"] if work == "wait" else []), asking.shown(ratios)]
        lines.append(f"| {' | '.join(cells)} |")
    served = ", ".join(f"{name} {known[name]}" for name in ("uvicorn", "gunicorn", "aiosqlite"))
    return "\n".join([*lines, "", f"Python {sys.version.split()[0]}, {served}."])


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn")
    options = parser.parse_args()
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-peers-") as folder:
        print(table(measure(Bench(folder=Path(folder), rounds=options.rounds, seconds=options.seconds)), versions()))


if __name__ == "__main__":
    main()
