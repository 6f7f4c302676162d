"""What is read from the kernel, from files that say what is known; the real ones are read in test_interference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tandem.observe import kernel


@pytest.fixture
def fake_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands for /, with an empty /proc and an empty /sys/fs/cgroup."""
    for name in ("PROC", "CGROUP"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setattr(kernel, name, folder)
    return tmp_path


def put(folder: Path, **files: str) -> None:
    """Write files; `__` stands for a dot in their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


@pytest.mark.parametrize("name", ["cpuacct", "cpu,cpuacct"])
def test_the_first_groups_count_their_cpus(fake_root: Path, name: str) -> None:
    folder = fake_root / "cgroup" / name
    put(folder, cpuacct__usage_percpu="100 20 3 \n")
    assert kernel.per_cpu_nanoseconds([0, 2]) is None  # a container's own group: not the whole machine
    put(folder, cgroup__sane_behavior="0\n")
    assert kernel.per_cpu_nanoseconds([0, 2]) == 103
    assert kernel.per_cpu_nanoseconds([3]) is None


def test_the_unified_groups_are_summed_and_the_root_is_not_believed(fake_root: Path) -> None:
    root = fake_root / "cgroup"
    assert kernel.by_group() is None
    put(root, cgroup__procs="2\n71\n", cpu__stat="usage_usec 999\n")
    assert kernel.by_group() is None  # nothing is in groups: the clocks of all processes say the same
    put(root / "system.slice", cpu__stat="usage_usec 5\nuser_usec 3\n")
    put(root / "user.slice", cpu__stat="usage_usec 7\n")
    assert kernel.by_group() == (12_000, {2, 71})
    put(root, cgroup__events="populated 1\n")
    assert kernel.by_group() is None  # a container's root


def test_threads_that_waited(fake_root: Path) -> None:
    put(fake_root / "proc/5/task/5", schedstat="1000 40 2\n")
    put(fake_root / "proc/5/task/6", schedstat="1000 2 2\n")
    assert kernel.waiting([5, 99]) == {(5, 5): 40, (5, 6): 2}
    put(fake_root / "proc/7/task/7", schedstat="0 0 0\n")
    assert kernel.waiting([7]) is None  # a fake_root that doesn't keep them
    assert kernel.waiting([]) is None


def test_threads_that_come_and_go_while_others_wait() -> None:
    before = {(1, 1): 10**9, (1, 2): 5 * 10**9, (1, 3): 10**9}
    after = {(1, 1): 3 * 10**9, (1, 3): 10**8, (1, 4): 10**9}  # 2 ended, 3 is another one, 4 is new
    assert kernel.waited_seconds(before, after) == pytest.approx(2 + 0.1 + 1)


def test_stolen_time(fake_root: Path) -> None:
    assert kernel.steal_seconds([0]) is None
    put(fake_root / "proc", stat="cpu  1 2 3 4 5 6 7 300 0 0\ncpu0 1 2 3 4 5 6 7 100 0 0\ncpu1 1 2 3 4 5 6 7 200 0 0\n")
    assert kernel.steal_seconds([1]) == 200 / os.sysconf("SC_CLK_TCK")
    assert kernel.steal_seconds([0, 1]) == 300 / os.sysconf("SC_CLK_TCK")
    assert kernel.steal_seconds([2]) is None


def test_pressure(fake_root: Path) -> None:
    assert kernel.pressure_seconds() is None
    put(
        fake_root / "proc/pressure",
        cpu="some avg10=0.08 avg60=0.19 total=2500000\nfull avg10=0.00 avg60=0.00 total=7\n",
    )
    assert kernel.pressure_seconds() == 2.5


def test_quotas_of_the_first_groups_and_those_above(fake_root: Path) -> None:
    assert (kernel.throttled_seconds(), kernel.quota_cpus()) == (None, None)
    put(fake_root / "proc/self", cgroup="3:cpuset:/x\n2:cpu,cpuacct:/outer/inner\n")
    mount = fake_root / "cgroup/cpu,cpuacct"
    put(mount, cpu__stat="throttled_time 0\n", cpu__cfs_quota_us="-1\n", cpu__cfs_period_us="100000\n")
    assert (kernel.throttled_seconds(), kernel.quota_cpus()) == (0.0, None)
    put(mount / "outer", cpu__stat="nr_throttled 4\nthrottled_time 1500000000\n")
    put(mount / "outer", cpu__cfs_quota_us="150000\n", cpu__cfs_period_us="100000\n")
    put(mount / "outer/inner", cpu__stat="throttled_time 250000000\n")
    assert (kernel.throttled_seconds(), kernel.quota_cpus()) == (1.75, 1.5)


def test_quotas_of_the_unified_groups(fake_root: Path) -> None:
    put(fake_root / "proc/self", cgroup="0::/a\n")
    put(fake_root / "cgroup", cgroup__procs="", cpu__stat="usage_usec 9\n")
    put(fake_root / "cgroup/a", cpu__stat="usage_usec 9\nthrottled_usec 300000\n", cpu__max="50000 100000\n")
    assert (kernel.throttled_seconds(), kernel.quota_cpus()) == (0.3, 0.5)
    put(fake_root / "cgroup/a", cpu__max="max 100000\n")
    assert kernel.quota_cpus() is None


def test_a_container_whose_group_is_named_from_outside(fake_root: Path) -> None:
    put(fake_root / "proc/self", cgroup="0::/docker/4711\n")
    put(fake_root / "cgroup", cgroup__procs="", cpu__stat="throttled_usec 2000000\n", cpu__max="200000 100000\n")
    assert (kernel.throttled_seconds(), kernel.quota_cpus()) == (2.0, 2.0)


def test_whether_all_processes_can_be_seen(fake_root: Path) -> None:
    assert not kernel.all_processes_are_visible()
    put(fake_root / "proc/self/ns")
    link = fake_root / "proc/self/ns/pid"
    link.symlink_to(kernel.FIRST_PID_NAMESPACE)
    assert not kernel.all_processes_are_visible()  # /proc/1 is hidden
    put(fake_root / "proc/1", stat="1 (init) S 0\n")
    assert kernel.all_processes_are_visible()
    link.unlink()
    link.symlink_to("pid:[4026532999]")
    assert not kernel.all_processes_are_visible()  # a container
