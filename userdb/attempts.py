"""How guessing is slowed: under what an attempt to log in is counted, and how long the pauses are that grow with the count.

A device that logged in before is counted by itself. Of all others each address is counted by itself, and all of them together; so
whoever guesses waits, and of those whose account it is only those do that no device speaks for.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address

import msgspec

from userdb import sessions
from userdb.devices import Device
from userdb.models import Account
from userdb.settings import Settings

TOGETHER = 5
"""So many times the attempts of one address are free of pauses to all addresses together."""

DOUBLINGS = 6
"""From the first pause to the longest, which of one address or device is LOGIN_WINDOW: 14, 28, … 900 seconds."""

LONGEST_TOGETHER = 15
"""All addresses together wait for a fifteenth of that at most: a minute."""

MEMORY = 16
"""A count is forgotten so many times LOGIN_WINDOW after its last pause: four hours."""


class Counter(msgspec.Struct, frozen=True):
    """What counts attempts."""

    key: str
    free: int  # attempts after which there is no pause yet
    first: int  # pause, in seconds; each is twice the one before it
    longest: int


def counters(
    settings: Settings, username: str, address: str, device: Device | None, account: Account | None
) -> list[Counter]:
    """What counts an attempt to log in as `username`: the narrower before the wider, in which order the database locks them."""
    free, longest = settings.login_attempts, settings.login_window
    first = max(1, longest >> DOUBLINGS)
    if device is not None and account is not None:
        return [Counter(_key(*_of_device(device, account)), free, first, longest)]
    return [
        Counter(_key("address", network(address), username), free, first, longest),
        Counter(_key("name", username), free * TOGETHER, first, max(1, longest // LONGEST_TOGETHER)),
    ]


def pause(counter: Counter, count: int) -> int:
    """Seconds until the next attempt, after so many."""
    over = count - counter.free
    return 0 if over < 0 else min(counter.longest, counter.first << min(over, DOUBLINGS))


def network(address: str) -> str:
    """Whose an address is: of IPv6 everybody has 2^64 of them at least."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or f"{int(found) >> 64:x}")


def _of_device(device: Device, account: Account) -> tuple[str, str]:
    """All devices from before the last change of the password are one: whoever knew the old one may have made many."""
    if device.stamp == sessions.stamp(account):
        return "device", device.id
    return "older devices", str(device.user_id)


def _key(*parts: str) -> str:
    """A digest: what is typed as a name may be a password, and an address is somebody's."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
