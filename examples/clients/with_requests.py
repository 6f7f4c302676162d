"""Read, log in, create, with a session of requests: `python with_requests.py URL [--name NAME]`.

The session keeps connections, cookies and headers from one request to the next.
(A file named requests.py would hide the library.)
"""

import argparse

import requests

TIMEOUT = 10  # seconds; without it requests waits for ever


def answered(response):
    """Return the answer, or end with what the server said."""
    if not response.ok:
        raise SystemExit(f"{response.request.method} {response.url}: {response.status_code} {response.text}")
    return response


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="such as http://127.0.0.1:8080")
    parser.add_argument("--name", default="ada", help="of the user to create")
    options = parser.parse_args()

    with requests.Session() as session:
        user = answered(session.get(f"{options.url}/api/users/2", timeout=TIMEOUT)).json()
        print(f"read: {user['username']}, {user['email']}")

        admin = {"username": "admin", "password": "correct-horse"}
        token = answered(session.post(f"{options.url}/api/login", json=admin, timeout=TIMEOUT)).json()["token"]
        session.headers["Authorization"] = f"Bearer {token}"  # with every request from here on
        print("logged in as admin")

        new = {"username": options.name, "email": f"{options.name}@example.org", "age": 36}
        response = answered(session.post(f"{options.url}/api/users", json=new, timeout=TIMEOUT))
        print(f"created: {response.status_code} {response.headers['Location']} {response.json()['username']}")


if __name__ == "__main__":
    main()
