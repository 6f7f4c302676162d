"""Needs: what a stack's server takes beside the locked requirements of everybody, and whether this machine has it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Sequence

import msgspec

MODULES_FROM = "run `make servers`, which installs requirements/servers.txt"


class Need(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Python module, or a program that comes with a package of the system."""

    module: str = ""
    program: str = ""
    package: str = ""


def lacking(needs: Sequence[Need]) -> str:
    """Return what is missing and what brings it, as the end of a sentence; empty where all is there."""
    for need in needs:
        if need.module and importlib.util.find_spec(need.module) is None:
            return f"the Python module {need.module} is missing: {MODULES_FROM}"
        if need.program and shutil.which(need.program, path=search_path()) is None:
            return f"the program {need.program} is missing: install the package {need.package} (apt-get install {need.package})"
    return ""


def search_path() -> str:
    """Return where programs of the system are looked for: PATH, and where it mostly leaves out what is no user's."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
