"""Devices that logged in before: what the cookie holds that lets strangers slow down no one but themselves.

It opens nothing: with it an attempt to log in is counted apart from those of strangers (userdb/attempts.py), and that is all.
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from userdb.models import Account
from userdb.sessions import in_cookies, stamp

COOKIE = "device"
SECONDS = 180 * 24 * 3600
"""How long a device is known that doesn't log in again."""


class Device(msgspec.Struct, frozen=True, array_like=True):
    """A device on which a user has logged in."""

    id: str
    user_id: int
    stamp: str  # of the password with which it did so last
    expires: int  # seconds since the epoch


class Devices:
    """Reads and writes devices. The first key signs, all are believed."""

    def __init__(self, keys: Sequence[str]) -> None:
        # The library signs with the last one.
        self._signer = Signer(list(reversed(keys)), salt="tandem.device", digest_method=hashlib.sha256)

    def known(self, cookies: str | None, account: Account | None) -> Device | None:
        """The device of a Cookie header, if this account has logged in on it before."""
        device = self.read(in_cookies(cookies, COOKIE) or "")
        return device if device is not None and account is not None and device.user_id == account.user.id else None

    def cookie(self, device: Device | None, account: Account, path: str, secure: bool) -> tuple[str, str]:
        """The header that makes a browser a known device of an account, at this path alone; one that is goes on as itself."""
        found = Device(
            device.id if device else secrets.token_hex(16), account.user.id, stamp(account), int(time.time()) + SECONDS
        )
        text = self._signer.sign(base64_encode(msgspec.json.encode(found))).decode()
        attributes = f"Path={path}; Max-Age={SECONDS}; HttpOnly; SameSite=Strict"
        return "set-cookie", f"{COOKIE}={text}; {attributes}" + ("; Secure" if secure else "")

    def read(self, text: str) -> Device | None:
        """The device that a text holds; None for one that was not signed here, or is forgotten."""
        try:
            device = msgspec.json.decode(base64_decode(self._signer.unsign(text.encode())), type=Device)
        except (BadData, msgspec.DecodeError, UnicodeError):
            return None
        return device if device.expires > time.time() else None
