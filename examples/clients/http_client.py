"""Read, log in, create, over one connection of http.client: `python http_client.py URL [--name NAME]`.

The module writes and reads the lines of HTTP; connections, URLs and JSON are left to you.
"""

import argparse
import http.client
import json
from urllib.parse import urlsplit


def call(connection, method, path, body=None, token=None):
    """Send one request; return the status, the headers and the JSON of the answer."""
    headers = {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
    answer = connection.getresponse()
    payload = answer.read()  # to the end, or the connection can't be used again
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {answer.status} {payload.decode()}")
    return answer.status, answer.headers, json.loads(payload)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="such as http://127.0.0.1:8080")
    parser.add_argument("--name", default="ada", help="of the user to create")
    options = parser.parse_args()
    url = urlsplit(options.url)
    connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=10)

    _, _, user = call(connection, "GET", "/api/users/2")
    print(f"read: {user['username']}, {user['email']}")

    admin = {"username": "admin", "password": "correct-horse"}
    _, _, session = call(connection, "POST", "/api/login", admin)  # the same connection: HTTP/1.1 keeps it open
    print("logged in as admin")

    new = {"username": options.name, "email": f"{options.name}@example.org", "age": 36}
    status, headers, user = call(connection, "POST", "/api/users", new, session["token"])
    print(f"created: {status} {headers['Location']} {user['username']}")
    connection.close()


if __name__ == "__main__":
    main()
