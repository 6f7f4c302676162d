"""The CGI program without a heavy import: one process for one request, started by a gateway (servers/cgi-bin/bare.cgi).

Whether it lives, and the sum of two numbers, it answers with nothing but what Python brings; all other requests are the bare WSGI
callable's, which imports most of userdb.
"""

from __future__ import annotations

import os
import re
import sys

_SUMMANDS = re.compile(r"a=(0|-?[1-9][0-9]{0,17})&b=(0|-?[1-9][0-9]{0,17})")


def light(method: str, uri: str) -> bytes | None:
    """Return the body of the answer to such a request; None where it is none that is answered here."""
    path, _, query = uri.partition("?")
    summands = _SUMMANDS.fullmatch(query)
    if method != "GET":
        return None
    if uri == "/healthz":
        return b'{"status":"ok"}'
    if path == "/api/add" and summands:
        return b'{"sum":%d}' % (int(summands[1]) + int(summands[2]))
    return None


def main() -> None:
    """Answer the request in the environment."""
    body = light(os.environ["REQUEST_METHOD"], os.environ["REQUEST_URI"])
    if body is None:
        heavy()
    else:
        head = f"Status: 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        sys.stdout.buffer.write(head.encode("ascii") + body)


def heavy() -> None:
    """Answer it as the bare callable does."""
    from wsgiref.handlers import CGIHandler  # what isn't needed isn't imported: that is the point

    from servers.bare_wsgi import application

    os.environ["PATH_INFO"] = os.environ["REQUEST_URI"].partition("?")[0]
    CGIHandler().run(application)


if __name__ == "__main__":
    main()
