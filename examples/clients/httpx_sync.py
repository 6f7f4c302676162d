"""Read, log in, create, with a client of httpx: `python httpx_sync.py URL [--name NAME]`.

Much like requests, with a base URL, and with a timeout that is there unless you say otherwise (5 seconds).
"""

import argparse

import httpx


def answered(response):
    """Return the answer, or end with what the server said."""
    if response.is_error:
        request = response.request
        raise SystemExit(f"{request.method} {request.url}: {response.status_code} {response.text}")
    return response


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="such as http://127.0.0.1:8080")
    parser.add_argument("--name", default="ada", help="of the user to create")
    options = parser.parse_args()

    with httpx.Client(base_url=options.url, timeout=10) as client:
        user = answered(client.get("/api/users/2")).json()
        print(f"read: {user['username']}, {user['email']}")

        admin = {"username": "admin", "password": "correct-horse"}
        token = answered(client.post("/api/login", json=admin)).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"  # with every request from here on
        print("logged in as admin")

        new = {"username": options.name, "email": f"{options.name}@example.org", "age": 36}
        response = answered(client.post("/api/users", json=new))
        print(f"created: {response.status_code} {response.headers['Location']} {response.json()['username']}")


if __name__ == "__main__":
    main()
