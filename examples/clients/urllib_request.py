"""Read, log in, create, with urllib.request: `python urllib_request.py URL [--name NAME]`.

In every Python, follows redirects, obeys the proxies of the environment; each request has a connection of its own.
"""

import argparse
import json
import urllib.error
import urllib.request


def call(url, body=None, token=None):
    """Send one request, a POST where there is a body; return the status, the headers and the JSON of the answer."""
    request = urllib.request.Request(url)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")  # otherwise it says that this is a form
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # without timeout it may wait for ever
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:  # an answer, too: of 400 or more
        raise SystemExit(
            f"{request.method or request.get_method()} {url}: {error.code} {error.read().decode()}"
        ) from None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="such as http://127.0.0.1:8080")
    parser.add_argument("--name", default="ada", help="of the user to create")
    options = parser.parse_args()

    _, _, user = call(f"{options.url}/api/users/2")
    print(f"read: {user['username']}, {user['email']}")

    admin = {"username": "admin", "password": "correct-horse"}
    _, _, session = call(f"{options.url}/api/login", admin)
    print("logged in as admin")

    new = {"username": options.name, "email": f"{options.name}@example.org", "age": 36}
    status, headers, user = call(f"{options.url}/api/users", new, session["token"])
    print(f"created: {status} {headers['Location']} {user['username']}")


if __name__ == "__main__":
    main()
