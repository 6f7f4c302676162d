"""The HTML views: parse what came, await the store, render what goes."""

from __future__ import annotations

from asgi_app.http import Request, Response, path_value, query, respond, store
from userdb import forms, wire


async def home(request: Request) -> Response:
    """Where a person begins."""
    return respond(wire.home_page())


async def list_users(request: Request) -> Response:
    """A table of users, with search and the way to the next page."""
    page = forms.page_of_users(query(request), strict=False)
    users = await store(request).page_of_users(page)
    return respond(wire.users_page(users, page))


async def read_user(request: Request) -> Response:
    """All there is to see of one user."""
    user_id = forms.user_id(path_value(request, "user_id"))
    user = await store(request).read_user(user_id)
    return respond(wire.user_page(user))


async def read_docs(request: Request) -> Response:
    """The API, to read and to try."""
    return respond(wire.docs_page())
