"""What the doctor says of memory, disk, files and ports: each fault by files that claim it."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tandem.doctor import resources
from tests.tandem.doctor.kernel_files import put


def test_memory_and_swap(fake_root: Path) -> None:
    assert resources.memory().state == "note"
    assert resources.swap().state == "ok"
    put(
        fake_root / "meminfo",
        "MemAvailable:   500000 kB\nSwapTotal: 2000000 kB\nSwapFree: 1500000 kB\nHugePages_Total: 0\n",
    )
    assert (resources.memory().state, resources.swap().state) == ("bad", "note")
    assert "0.51 GB" in resources.swap().text
    put(fake_root / "meminfo", "MemAvailable:  9000000 kB\nSwapTotal: 2000000 kB\nSwapFree: 2000000 kB\n")
    assert (resources.memory().state, resources.swap().state) == ("ok", "ok")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((10**8, "bad"), (10**11, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert resources.disk(tmp_path).state == state


@pytest.mark.parametrize(
    ("kind", "state"), [("ext4", "ok"), ("tmpfs", "note"), ("overlay", "note"), ("nfs4", "bad"), ("9p", "bad")]
)
def test_the_file_system_is_that_of_the_innermost_mount(fake_root: Path, kind: str, state: str) -> None:
    put(
        fake_root / "self/mounts",
        f"/dev/a / xfs rw 0 0\nx /a\\040b nfs rw 0 0\nx /a\\040b {kind} rw 0 0\ny /a\\040b/c/d tmpfs rw 0 0\n",
    )
    assert resources.file_system(Path("/a b/c")).state == state
    assert resources.file_system(Path("/a b/c")).text.startswith(kind)
    assert resources.file_system(Path("/a")).text == "xfs"


@pytest.mark.parametrize(
    ("soft", "hard", "state"),
    [(65536, 65536, "ok"), (1024, 65536, "note"), (1024, resource.RLIM_INFINITY, "note"), (1024, 2048, "bad"),
     (resource.RLIM_INFINITY, resource.RLIM_INFINITY, "ok")],
)  # fmt: skip
def test_open_files(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, state: str) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    assert resources.open_files().state == state


@pytest.mark.parametrize(
    ("bounds", "state"), [("32768 60999", "ok"), ("1024 65000", "note"), ("60000 61000", "note"), ("", "note")]
)
def test_ports(fake_root: Path, bounds: str, state: str) -> None:
    put(fake_root / "sys/net/ipv4/ip_local_port_range", bounds.replace(" ", "\t"))
    assert resources.local_ports().state == state
