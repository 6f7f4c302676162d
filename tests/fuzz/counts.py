"""What a stack has counted at /metrics: the same requests must count the same, however long they took."""

from __future__ import annotations

import http.client
import re
from collections import Counter

_COUNTED = re.compile(rb"(?m)^((?:http_requests|logins)_total\{.*\}) ([0-9.e+]+)$")
# Of these the harness itself asked, as long as the stack was not there.
_ASKED_BY_OTHERS = re.compile(r'route="/(?:healthz|readyz|metrics)"')


def read(port: int) -> Counter[str]:
    """What the stack on this port has counted, by name and labels."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read()
    finally:
        connection.close()
    found = {name.decode(): int(float(count)) for name, count in _COUNTED.findall(text)}
    return Counter({name: count for name, count in found.items() if not _ASKED_BY_OTHERS.search(name)})


def difference(first: Counter[str], second: Counter[str]) -> str:
    """The lines that are not the same, with both numbers; nothing where all are."""
    names = sorted(name for name in {*first, *second} if first[name] != second[name])
    return "\n".join(f"{name} {first[name]} {second[name]}" for name in names)
