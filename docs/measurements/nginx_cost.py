"""Measure what nginx costs a request, and what each of its settings does: `python docs/measurements/nginx_cost.py`.

One server of a stack runs behind several nginx, each with the project's configuration but for one change, and is asked by itself.
All are on the first CPU and take turns in random order, whoever asks is on the last. About 5 minutes on a quiet machine.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import asking
from asking import Bench, Target, reading, turn

from tandem.launch import nginx, ports, readiness, signals
from tandem.launch.process import Children
from tandem.plan import stacks as tandem_stacks

BARE = """pid nginx.pid;
error_log stderr crit;
events {
    worker_connections 8192;
}
http {
    access_log off;
    keepalive_requests 1000000;
    include upstream.conf;
    server {
        include listen.conf;
        location / {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
}
"""
"""The least that passes a request on over kept connections."""


class Change(NamedTuple):
    """What is other in one file: all that the expression matches becomes the text."""

    file: str
    pattern: str
    text: str = ""

    def make(self, folder: Path) -> None:
        """Make it. Raises SystemExit where nothing matches: this script is older than the configuration then."""
        file = folder / self.file
        text, found = re.subn(self.pattern, lambda _: self.text, file.read_text(), flags=re.DOTALL)
        if not found:
            raise SystemExit(f"{self.file}: nothing matches {self.pattern}")
        file.write_text(text)


AS_IT_IS = "as it is"
VARIANTS = {
    AS_IT_IS: [],
    "a line of log for each request, as while measuring": [Change("log.conf", r"\Z", nginx.TIMING)],
    "such a line, written 64 KiB at a time": [
        Change("log.conf", r"\Z", nginx.TIMING.replace(" timing;", " timing buffer=64k flush=1s;"))
    ],
    "a new connection to the server for each request": [
        Change("upstream.conf", r"keepalive \d+;", ""),
        Change("upstream.conf", r'default ""', 'default "close"'),
    ],
    "round robin, not least_conn": [Change("upstream.conf", "least_conn;")],
    "method and URI not looked at": [Change("nginx.conf", r"if \(\$request_\w+ !?~ [^}]*}")],
    "headers that clients forge not taken away": [Change("headers.conf", r"proxy_set_header [\w-]+ \"\";")],
    "no headers added to answers": [
        Change("nginx.conf", "add_header [^;]*;"),
        Change("app/http.conf", r'add_header (?:"[^"]*"|[^;"])*;'),
    ],
    "an answer passed on as it comes, not buffered": [
        Change("buffered.conf", "proxy_buffering on", "proxy_buffering off")
    ],
    "nothing but passing on": [Change("nginx.conf", r"\A.*\Z", BARE)],
}


@contextmanager
def behind(bench: Bench, server: int, children: Children, number: int, changes: list[Change]) -> Iterator[Target]:
    """An nginx of its own in front of the server on this port."""
    folder, port = bench.folder / f"variant-{number}", ports.free_port()
    nginx.configure(
        folder,
        tandem_stacks.load()["asgi"].application,
        public_port=port,
        servers=[f"127.0.0.1:{server}"],
        keepalive=64,
    )
    for change in changes:
        change.make(folder)
    binary = nginx.find()
    nginx.check(binary, folder)
    child = nginx.start(
        binary, folder, name=f"nginx {number}", log=bench.folder / f"nginx-{number}.log", cpus=bench.cpus[:1]
    )
    children.add(child)
    readiness.wait(children, child.name, port, "/healthz")
    yield Target(port, [child.pid])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one turn")
    parser.add_argument("--stack", default="asgi-direct", help="what serves")
    options = parser.parse_args()
    with signals.stoppable(), ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="tandem-nginx-")))
        bench = Bench(folder=folder, rounds=options.rounds, seconds=options.seconds)
        served = exits.enter_context(bench.stacks(options.stack))[options.stack]
        children = exits.enter_context(Children())
        targets = {
            name: exits.enter_context(behind(bench, served.alone.port, children, number, changes))
            for number, (name, changes) in enumerate(VARIANTS.items())
        }
        asked = {
            name: partial(turn, target, reading(bench.users), connections=32, seconds=bench.seconds)
            for name, target in {**targets, f"the server of {options.stack}, without nginx": served.alone}.items()
        }
        found = bench.turns("nginx", asked)
    print("| nginx | CPU of nginx per request, µs | ÷ as it is (95 %) | answers/s |\n|---|---:|---:|---:|")
    for name, values in found.items():
        ratios = [mine.cpu_ms / own.cpu_ms for mine, own in zip(values, found[AS_IT_IS], strict=True)]
        cpu, rate = (statistics.median(getattr(each, field) for each in values) for field in ("cpu_ms", "rate"))
        print(f"| {name} | {1000 * cpu:.0f} | {asking.shown(ratios)} | {rate:.0f} |")


if __name__ == "__main__":
    main()
