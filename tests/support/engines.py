"""Container engines: the only thing that tests need and that neither a package nor a requirement brings."""

from __future__ import annotations

import shutil
import subprocess

NO_ENGINE = "no container engine answers: the images are not built"


def engine() -> str | None:
    """A container engine that answers."""
    for name in ("docker", "podman"):
        if shutil.which(name) and not subprocess.run([name, "ps"], capture_output=True, check=False).returncode:
            return name
    return None
