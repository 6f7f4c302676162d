"""The JSON views: parse what came, await the store, render what goes."""

from __future__ import annotations

from asgi_app.http import Request, Response, body, header, news, path_value, preconditions, query, respond, store
from userdb import forms, wire


async def health(request: Request) -> Response:
    """The app answers; neither database nor news service is asked."""
    return respond(wire.healthy())


async def ready(request: Request) -> Response:
    """The database answers too; 503 where it does not."""
    await store(request).ready()
    return respond(wire.ready())


async def add(request: Request) -> Response:
    """The sum of two numbers: what the framework costs and nothing else."""
    summands = forms.summands(query(request))
    return respond(wire.total(summands))


async def list_users(request: Request) -> Response:
    """A page of users by id, and where the next one is."""
    page = forms.page_of_users(query(request))
    users = await store(request).page_of_users(page)
    return respond(wire.users(users, page))


async def create_user(request: Request) -> Response:
    """A new user: 201, its address, itself."""
    forms.no_parameters(query(request))
    form = forms.user_form(header(request, "Content-Type"), await body(request))
    user = await store(request).create_user(form)
    return respond(wire.created(user))


async def read_user(request: Request) -> Response:
    """One user; 304 where the client has this state already."""
    user_id = forms.user_id(path_value(request, "user_id"))
    forms.no_parameters(query(request))
    user = await store(request).read_user(user_id)
    return respond(wire.user(user, header(request, "If-None-Match")))


async def replace_user(request: Request) -> Response:
    """The user as the client wants it, in all its fields."""
    user_id = forms.user_id(path_value(request, "user_id"))
    forms.no_parameters(query(request))
    form = forms.user_form(header(request, "Content-Type"), await body(request))
    user = await store(request).change_user(user_id, form, preconditions(request))
    return respond(wire.user(user))


async def change_user(request: Request) -> Response:
    """The user with the fields that the client names changed."""
    user_id = forms.user_id(path_value(request, "user_id"))
    forms.no_parameters(query(request))
    form = forms.user_change(header(request, "Content-Type"), await body(request))
    user = await store(request).change_user(user_id, form, preconditions(request))
    return respond(wire.user(user))


async def remove_user(request: Request) -> Response:
    """The user is gone, and its id is never used again."""
    user_id = forms.user_id(path_value(request, "user_id"))
    forms.no_parameters(query(request))
    await store(request).remove_user(user_id, preconditions(request))
    return respond(wire.removed())


async def read_news(request: Request) -> Response:
    """What the news service says about a user: one query, one call."""
    user_id = forms.user_id(path_value(request, "user_id"))
    forms.no_parameters(query(request))
    user = await store(request).read_user(user_id)
    items = await news(request).items(user)
    return respond(wire.news(user, items))


async def read_feed(request: Request) -> Response:
    """The news of several sources in their order; one that is slow or fails does not lose the others."""
    user_id = forms.user_id(path_value(request, "user_id"))
    sources = forms.sources(query(request))
    user = await store(request).read_user(user_id)
    feed = await news(request).feed(user, sources)
    return respond(wire.feed(user, feed))


async def read_openapi(request: Request) -> Response:
    """The description of the API."""
    forms.no_parameters(query(request))
    return respond(wire.openapi_document())
