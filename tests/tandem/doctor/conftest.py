"""What the doctor's tests share: a kernel that is a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem import topology
from tandem.observe import kernel


@pytest.fixture
def fake_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands for /proc, /sys/fs/cgroup and /sys/devices/system/cpu alike, empty."""
    for module, name in ((kernel, "PROC"), (kernel, "CGROUP"), (topology, "SYSTEM_CPUS")):
        monkeypatch.setattr(module, name, tmp_path / "fake_root/cpu")
    return tmp_path / "fake_root/cpu"
