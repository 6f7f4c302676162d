"""Sameness: proof, before any load, that the stacks of a run give the same answers, and the difference where they
don't.

Compared are the status line, the headers (names, values, case, order) and the body. Masked are only the values that
must differ: `Date`, the request id that nginx gives, and what the app's probes file lists.
"""

from __future__ import annotations

import difflib
import http.client
import re
import shlex
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tandem import formats
from tandem.errors import RunFailed
from tandem.plan.contract import Contract, Mask, Probe
from tandem.plan.definition import Exemption

REQUEST_LINE, HEADERS, HEADER = 4094, 100, 8190
"""What gunicorn takes unless told otherwise: bytes of a request line, headers, bytes of a header."""

_ALWAYS = Mask(re.compile(rb"(?im)^(date|x-request-id): [^\r\n]*"), rb"\1: *")


def exchange(port: int, probe: Probe, seconds: float = 10.0) -> bytes:
    """Send one probe over a connection of its own and return every byte of the answer. Raises OSError."""
    headers = [("Host", f"127.0.0.1:{port}"), *probe.headers, ("Connection", "close")]
    if probe.body or probe.method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(probe.body))))
    head = (
        f"{probe.method} {probe.target} HTTP/1.1\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in headers)
        + "\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(head.encode("latin-1") + probe.body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def masked(answer: bytes, masks: Iterable[Mask] = ()) -> bytes:
    """Return an answer without what must differ; the id of the request is masked wherever it stands."""
    found = re.search(rb"(?im)^x-request-id: ([0-9a-zA-Z-]{8,})\r?$", answer)
    if found:
        answer = answer.replace(found[1], b"*")
    for pattern, replacement in (_ALWAYS, *masks):
        answer = pattern.sub(replacement, answer)
    return answer


def answers(port: int, contract: Contract) -> list[bytes]:
    """Return the masked answers of one stack. Raises RunFailed where it doesn't answer, or hands out nothing to go on with."""
    found = []
    known: dict[str, str] = {}
    for probe in contract.probes:
        try:
            answer = exchange(port, filled(probe, known))
        except (OSError, http.client.HTTPException) as error:
            raise RunFailed(f"no answer to the probe {probe}: {error}") from error
        if not answer:
            raise RunFailed(f"an empty answer to the probe {probe}")
        known |= handed_out(probe, answer, contract.handed_out)
        found.append(masked(answer, contract.masks).replace(f"127.0.0.1:{port}".encode(), b"127.0.0.1:*"))
    return found


def filled(probe: Probe, known: Mapping[str, str]) -> Probe:
    """Return the probe with what its stack has handed out."""
    headers, body = probe.headers, probe.body
    for name, value in known.items():
        headers = tuple((header, text.replace(f"{{{name}}}", value)) for header, text in headers)
        body = body.replace(f"{{{name}}}".encode(), value.encode())
    return probe._replace(headers=headers, body=body)


def handed_out(probe: Probe, answer: bytes, where: Mapping[str, re.Pattern[bytes]]) -> dict[str, str]:
    """Return what the probe teaches. Raises RunFailed with the answer where it doesn't."""
    taught = {}
    for name in probe.teaches:
        found = where[name].search(answer)
        if not found:
            raise RunFailed(
                f"the probe {probe} was given no {name} to go on with:\n{answer.decode('utf-8', 'replace')}"
            )
        taught[name] = found[1].decode()
    return taught


def difference(
    probes: Sequence[Probe],
    name: str,
    ours: Sequence[bytes],
    other: str,
    theirs: Sequence[bytes],
    waived: Sequence[Probe] = (),
) -> str:
    """Return unified diffs of every probe that was not answered alike and is not waived; empty where all were."""
    pairs = zip(probes, ours, theirs, strict=True)
    found = [(probe, a, b) for probe, a, b in pairs if a != b and probe not in waived]
    shown = [line for probe, a, b in found for line in _diff(probe, name, a, other, b)]
    if found:
        how = shlex.quote(found[0][0].line[:60])
        shown.append(f"(tandem compare --waive {how} leaves out what begins so, and the report says it)")
    return "\n".join(shown)


def exempted(probes: Sequence[Probe], found: Sequence[bytes], exemptions: Sequence[Exemption]) -> list[bytes]:
    """Return the answers without what the servers of two stacks that are compared can't give alike."""
    masked = list(found)
    for each in exemptions:
        masked = [each.mask(probe.line, answer) for probe, answer in zip(probes, masked, strict=True)]
    return masked


def _diff(probe: Probe, name: str, ours: bytes, other: str, theirs: bytes) -> Iterator[str]:
    yield str(probe)
    lines = difflib.unified_diff(_lines(ours), _lines(theirs), fromfile=name, tofile=other, lineterm="")
    yield from (formats.shortened(line) for line in lines)
    if reason := hint(probe):
        yield f"({reason})"


def hint(probe: Probe) -> str | None:
    """Return which setting of a server usually makes the difference where a request is of this size."""
    if len(probe.line) > REQUEST_LINE:
        what, flag = f"a request line of more than {REQUEST_LINE:,} bytes", "--limit-request-line 0"
    elif len(probe.headers) > HEADERS:
        what, flag = f"more than {HEADERS} headers", "--limit-request-fields 32768"
    elif any(len(name) + len(value) > HEADER for name, value in probe.headers):
        what, flag = f"a header of more than {HEADER:,} bytes", "--limit-request-field_size 0"
    else:
        return None
    return f"gunicorn refuses {what} unless it is started with {flag}"


def _lines(answer: bytes) -> list[str]:
    return [
        formats.printable(line) for line in answer.decode("utf-8", "backslashreplace").replace("\r", "").split("\n")
    ]
