"""Read, log in, create, with nothing but a TCP connection: `python raw_socket.py URL [--name NAME]`.

HTTP/1.1 (RFC 9112) is text: a request line, header lines, an empty line, then as many bytes of body as Content-Length says.
"""

import argparse
import json
import socket
from urllib.parse import urlsplit


def call(host, port, method, path, body=None, token=None):
    """Send one request over a connection of its own; return the status, the headers and the JSON of the answer."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}:{port}",  # compulsory in HTTP/1.1: one address may have many names
        "Connection: close",  # so that the answer ends where the connection does
    ]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    request = "\r\n".join([*lines, "", ""]).encode("ascii") + content

    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(request)  # send() may take only a part of it
        answer = b""
        while part := connection.recv(65536):  # a part is what has arrived, not a line and not a message
            answer += part

    head, _, payload = answer.partition(b"\r\n\r\n")
    status_line, *header_lines = head.decode("latin-1").split("\r\n")
    status = int(status_line.split(" ", 2)[1])
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)}
    if status >= 400:
        raise SystemExit(f"{method} {path}: {status} {payload.decode()}")
    return status, headers, json.loads(payload)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="such as http://127.0.0.1:8080")
    parser.add_argument("--name", default="ada", help="of the user to create")
    options = parser.parse_args()
    url = urlsplit(options.url)
    host, port = url.hostname, url.port or 80

    _, _, user = call(host, port, "GET", "/api/users/2")
    print(f"read: {user['username']}, {user['email']}")

    admin = {"username": "admin", "password": "correct-horse"}
    _, _, session = call(host, port, "POST", "/api/login", admin)
    print("logged in as admin")

    new = {"username": options.name, "email": f"{options.name}@example.org", "age": 36}
    status, headers, user = call(host, port, "POST", "/api/users", new, session["token"])
    print(f"created: {status} {headers['location']} {user['username']}")


if __name__ == "__main__":
    main()
