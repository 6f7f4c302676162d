"""What nginx answers by itself, in the form of the apps' own: `python -m userdb.nginx_errors` prints nginx/userdb/errors.conf."""

from __future__ import annotations

from userdb import html
from userdb.errors import Problem

DETAILS = {
    400: "The request is malformed.",
    404: "There is nothing here.",
    405: "This URL takes GET, HEAD, OPTIONS.",
    408: "The request did not arrive in time.",
    412: "The file is not the one that the request is about.",
    413: "The request is larger than this URL takes.",
    414: "The URL is too long.",
    416: "The file has no such range.",
    421: "This host is not served here.",
    429: "Too many requests; try again later.",
    431: "The headers of the request are too large.",
    500: "Something went wrong on our side.",
    501: "This method is not known here.",
    502: "The application is not there.",
    503: "The application is overloaded.",
    504: "The application was too slow.",
    505: "This version of HTTP is not spoken here.",
}

# nginx gives 403 to a folder of files, 494 to a header that is too large, and 405 to TRACE; static files, which do have a 405,
# go to its page directly.
ALIASES = {404: 403, 431: 494, 501: 405}

PARTICULAR = {
    # nginx finds out in the midst of an answer that the file is not the one meant, and closes the connection after the page.
    412: "keepalive_timeout 0;",
    # The headers of the file are there already when nginx finds no such range in it: none is added again, one is taken away.
    416: 'add_header ETag "" always;',
}
"""What the pages of a status need beside their text, so that their headers are true."""

# nginx lets one malformed thing through: a control character in the value of a header. Each server refuses it before its app
# sees it, and would say so in its own words; it sends this instead, on which nginx answers as it does to all that is malformed.
MALFORMED = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\nX-Accel-Redirect: @malformed\r\n\r\n"
)

GONE = "@gone"
"""Where a server that ends sends nginx for the answer to what it has not finished, if it would have words of its own."""


def configuration() -> str:
    """The text of nginx/userdb/errors.conf."""
    lines = [
        "# Made by `make nginx-errors` from userdb/nginx_errors.py: what nginx answers by itself, in the form of the apps' own.",
        "",
    ]
    for status in (status for status in DETAILS if status != 405):
        codes = f"{status} {ALIASES[status]}" if status in ALIASES else f"{status}"
        lines.append(f"error_page {codes} ={status} /errors/{status}/$error_form;")
    lines += ["", "location @malformed {", "    return 400;", "}", "", f"location {GONE} {{", "    return 502;", "}"]
    for status, detail in DETAILS.items():
        for form, path in (("page", "/"), ("problem", "/api/")):
            lines += _location(status, detail, form, path)
    return "\n".join(lines) + "\n"


def _location(status: int, detail: str, form: str, path: str) -> list[str]:
    problem = Problem(detail)
    problem.status = status
    answer = html.error(problem, path, "$request_id")
    content_type = answer.headers[0][1]
    body = answer.body.decode().replace("'", "\\'")
    return [
        "",
        f"location = /errors/{status}/{form} {{",
        "    internal;",
        *([f"    {PARTICULAR[status]}"] if status in PARTICULAR else []),
        f'    default_type "{content_type}";',
        f"    return {status} '{body}';",
        "}",
    ]


if __name__ == "__main__":
    print(configuration(), end="")
