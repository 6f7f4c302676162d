"""Read, log in, create, with an async client of httpx: `python httpx_async.py URL [--name NAME]`.

While one call waits, the event loop lets others run: reading and logging in don't need each other, so they wait together.
"""

import argparse
import asyncio

import httpx


def answered(response):
    """Return the answer, or end with what the server said."""
    if response.is_error:
        request = response.request
        raise SystemExit(f"{request.method} {request.url}: {response.status_code} {response.text}")
    return response


async def read(client):
    """Read a user."""
    user = answered(await client.get("/api/users/2")).json()
    return f"read: {user['username']}, {user['email']}"


async def log_in(client):
    """Log in; the client sends the token with every request from here on."""
    admin = {"username": "admin", "password": "correct-horse"}
    token = answered(await client.post("/api/login", json=admin)).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return "logged in as admin"


async def create(client, name):
    """Create a user."""
    new = {"username": name, "email": f"{name}@example.org", "age": 36}
    response = answered(await client.post("/api/users", json=new))
    return f"created: {response.status_code} {response.headers['Location']} {response.json()['username']}"


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="such as http://127.0.0.1:8080")
    parser.add_argument("--name", default="ada", help="of the user to create")
    options = parser.parse_args()

    async with httpx.AsyncClient(base_url=options.url, timeout=10) as client:
        for line in await asyncio.gather(read(client), log_in(client)):  # both at once
            print(line)
        print(await create(client, options.name))  # needs the token, so it comes after


if __name__ == "__main__":
    asyncio.run(main())
