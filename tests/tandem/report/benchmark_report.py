"""Benchmark: how long a report of many samples takes, and how much memory. Not a test: it asserts nothing about time.

    python -m tests.tandem.report.benchmark_report --samples 10000000

writes a synthetic run of the standard profile with so many raw samples into a temporary folder, renders it in a process of
its own, as `tandem report` would, and prints that process's seconds and most resident memory.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tandem.records.block import Block
from tests.support import synthetic

BLOCKS = 81  # nine rounds of three stacks under three scenarios
RENDER = "import sys, pathlib, tandem.report; tandem.report.write(pathlib.Path(sys.argv[1]))"


def main() -> None:
    """Write, render, print."""
    parser = argparse.ArgumentParser(description="Time a report of many raw samples.")
    parser.add_argument("--samples", type=int, default=1_000_000, help="raw samples of the run (1,000,000)")
    wanted = parser.parse_args().samples
    if wanted < BLOCKS:
        parser.error(f"--samples must be {BLOCKS} or more, one for each block")
    rate = -(-wanted // BLOCKS) / synthetic.SECONDS
    with tempfile.TemporaryDirectory(prefix="tandem-benchmark-") as place:
        folder = Path(place)
        loads = [synthetic.load(name, rate=rate) for name in synthetic.SCENARIOS]
        found = synthetic.synthesise(loads=loads)
        written = sum(block.arrivals for block in found if isinstance(block, Block))
        print(f"writing {written:,} samples …", flush=True)
        synthetic.write(folder, found, sparse=1)
        size = sum(path.stat().st_size for path in (folder / "samples").iterdir())
        begin = time.monotonic()
        subprocess.run([sys.executable, "-c", RENDER, place], check=True)
        seconds = time.monotonic() - begin
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # KiB on Linux
        page = (folder / "report.html").stat().st_size
    print(f"read {size / 2**20:,.0f} MiB of samples; report.html has {page / 2**20:.2f} MiB")
    print(f"report: {seconds:.1f} s, {memory / 2**10:,.0f} MiB at most")


if __name__ == "__main__":
    main()
