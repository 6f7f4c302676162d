"""The routes of the laboratory: which path blocks in which way, and how the ladder's paths do."""

from __future__ import annotations

from userdb.settings import Settings

from . import lab
from .routing import View

ROUTES: dict[str, dict[str, View]] = {
    "/lab/sleep": {"GET": lab.sleep},
    "/lab/sleep-in-thread": {"GET": lab.sleep_in_thread},
    "/lab/sleep-in-own-threads": {"GET": lab.sleep_in_own_thread},
    "/lab/pause": {"GET": lab.sleep_done_right},
    "/lab/health-in-thread": {"GET": lab.health_in_thread},
    "/lab/wait": {"GET": lab.wait},
    "/lab/wait-while-listened": {"GET": lab.wait_while_listened},
    "/lab/sync-client": {"GET": lab.sync_client},
    "/lab/hang": {"GET": lab.hang},
    "/lab/hang-with-limit": {"GET": lab.hang_with_limit},
    "/lab/sync-database": {"GET": lab.sync_database},
    "/lab/database": {"GET": lab.database},
    "/lab/pool-held": {"GET": lab.pool_held},
    "/lab/pool-released": {"GET": lab.pool_released},
    "/lab/lock": {"GET": lab.lock},
    "/lab/lock-briefly": {"GET": lab.lock_briefly},
    "/lab/password": {"GET": lab.password},
    "/lab/password-in-thread": {"GET": lab.password_in_thread},
    "/lab/password-queued": {"GET": lab.password_queued},
    "/lab/compute": {"GET": lab.compute},
    "/lab/compute-in-thread": {"GET": lab.compute_in_thread},
    "/lab/compute-in-process": {"GET": lab.compute_in_process},
    "/lab/serialise": {"GET": lab.serialise},
    "/lab/serialise-in-pieces": {"GET": lab.serialise_in_pieces},
    "/lab/garbage": {"GET": lab.garbage},
    "/lab/garbage-frozen": {"GET": lab.garbage_frozen},
    "/lab/open": {"GET": lab.stay_open},
}

# The same request on each rung of the ladder: what it waits for, or computes, and where.
LADDER: dict[str, tuple[View, View]] = {
    "blocking": (lab.sleep, lab.password),
    "thread": (lab.sleep_in_thread, lab.password_in_thread),
    "async": (lab.sleep_done_right, lab.password_queued),
}


def routes(settings: Settings) -> dict[str, dict[str, View]]:
    """All of them, those of the ladder as the settings say."""
    waits, verifies = LADDER[settings.ladder]
    return {**ROUTES, "/lab/ladder/sleep": {"GET": waits}, "/lab/ladder/password": {"GET": verifies}}
