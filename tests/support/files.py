"""Files of users, and the form that they come in."""

from __future__ import annotations

from secrets import token_hex

UPLOAD = {"Content-Type": "multipart/form-data; boundary=between"}


def upload(file: bytes, disposition: str = 'form-data; name="file"; filename="people.csv"') -> bytes:
    """The body with this file as its only field."""
    head = f"--between\r\nContent-Disposition: {disposition}\r\nContent-Type: text/csv\r\n\r\n"
    return head.encode() + file + b"\r\n--between--\r\n"


def people(count: int, name: str | None = None) -> bytes:
    """A file of so many users who are not there yet, with no age but for the first."""
    name = name or f"new-{token_hex(4)}"
    lines = [f"{name}-{number},{name}-{number}@Example.org,{'36' if not number else ''}" for number in range(count)]
    return "\n".join(["username,email,age", *lines, ""]).encode()
