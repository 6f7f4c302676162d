"""`python -m tests.fuzz --time 600`: ask both apps the same for ten minutes, and say where they differ."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path

from tandem.errors import Stopped, TandemError
from tandem.launch import news, ports, signals
from tests.fuzz import kept, pair, run
from tests.fuzz.run import Different


def main(arguments: list[str] | None = None) -> int:
    """Fuzz; return 0 where no difference was found, 1 where one was, 2 where it could not begin."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=str(__doc__).partition(": ")[2])
    parser.add_argument("--time", type=float, default=60, metavar="SECONDS", help="how long (default: %(default)g)")
    parser.add_argument("--seed", type=int, help="the same seed makes the same requests (default: drawn and said)")
    usual = ",".join(pair.NAMES)
    which = f"two stacks of the whole app (default: {usual}); what a server is excepted from is no difference"
    parser.add_argument("--stacks", type=pair.named, default=pair.NAMES, metavar="A,B", help=which)
    parser.add_argument("--tuned", action="store_true", help="ask the tuned pair: " + " and ".join(pair.TUNED))
    options = parser.parse_args(arguments)
    if not 0 < options.time < 10**6:
        parser.error("--time must be a number of seconds above 0")
    first = secrets.randbelow(2**31) if options.seed is None else options.seed
    print(f"seed {first}; Ctrl-C ends it", flush=True)
    try:
        with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-fuzz-") as folder:
            return fuzz(Path(folder), options.time, first, pair.TUNED if options.tuned else options.stacks)
    except (TandemError, Stopped) as error:
        print(f"fuzz: {error}", file=sys.stderr)
        return error.status


def fuzz(folder: Path, seconds: float, first: int, names: tuple[str, str]) -> int:
    """Fuzz in this folder and say what came of it."""
    port = ports.free_port()
    last_cpu = sorted(os.sched_getaffinity(0))[-1:]
    with (
        news.stub(port=port, delay=0, logs=folder, cpus=last_cpu),
        pair.running(folder, f"http://127.0.0.1:{port}/news", names) as both,
    ):
        try:
            run.fuzz(both, first, seconds=seconds, say=lambda line: print(line, flush=True))
        except Different as different:
            where = f"kept as {kept.keep(different.sequence)}, which the tests ask again" if different.sequence else ""
            print(f"\nthe two differ; {where}\n\n{different}\n")
            return 1
        finally:
            print(both.tally)
    return 0


if __name__ == "__main__":
    sys.exit(main())
