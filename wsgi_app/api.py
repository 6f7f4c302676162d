"""The JSON views: parse what came, await the store, render what goes."""

from __future__ import annotations

from userdb import addresses, forms, metrics, permissions, wire

from . import accounts
from .http import (
    Request,
    Response,
    aside,
    body,
    header,
    news,
    path_value,
    preconditions,
    query,
    respond,
    sessions,
    settings,
    store,
)


def health(request: Request) -> Response:
    """The app answers; neither database nor news service is asked."""
    return respond(wire.healthy())


def ready(request: Request) -> Response:
    """The database answers too; 503 where it does not."""
    store(request).ready()
    return respond(wire.ready())


def add(request: Request) -> Response:
    """The sum of two numbers: what the framework costs and nothing else."""
    summands = addresses.summands(query(request))
    return respond(wire.total(summands))


def list_users(request: Request) -> Response:
    """A page of users by id, and where the next one is."""
    page = addresses.page_of_users(query(request))
    users = store(request).page_of_users(page)
    return respond(wire.users(users, page))


def create_user(request: Request) -> Response:
    """A new user: 201, its address, itself."""
    addresses.no_parameters(query(request))
    permissions.to_create(accounts.signed_in(request))
    form = forms.user_form(header(request, "Content-Type"), body(request))
    user = store(request).create_user(form, accounts.hashed(request, forms.new_password(form)))
    return respond(wire.created(user))


def read_user(request: Request) -> Response:
    """One user; 304 where the client has this state already."""
    user_id = addresses.user_id(path_value(request, "user_id"))
    addresses.no_parameters(query(request))
    user = store(request).read_user(user_id)
    return respond(wire.user(user, header(request, "If-None-Match")))


def replace_user(request: Request) -> Response:
    """The user as the client wants it, in all its fields."""
    user_id = addresses.user_id(path_value(request, "user_id"))
    addresses.no_parameters(query(request))
    permissions.to_change(accounts.signed_in(request), user_id)
    form = forms.user_form(header(request, "Content-Type"), body(request))
    password_hash = accounts.hashed(request, forms.new_password(form))
    user = store(request).change_user(user_id, form, preconditions(request), password_hash)
    return respond(wire.user(user))


def change_user(request: Request) -> Response:
    """The user with the fields that the client names changed."""
    user_id = addresses.user_id(path_value(request, "user_id"))
    addresses.no_parameters(query(request))
    permissions.to_change(accounts.signed_in(request), user_id)
    form = forms.user_change(header(request, "Content-Type"), body(request))
    password_hash = accounts.hashed(request, forms.new_password(form))
    user = store(request).change_user(user_id, form, preconditions(request), password_hash)
    return respond(wire.user(user))


def remove_user(request: Request) -> Response:
    """The user is gone, and its id is never used again."""
    user_id = addresses.user_id(path_value(request, "user_id"))
    addresses.no_parameters(query(request))
    permissions.to_remove(accounts.signed_in(request), user_id)
    store(request).remove_user(user_id, preconditions(request))
    return respond(wire.removed())


def read_news(request: Request) -> Response:
    """What the news service says about a user: one query, one call."""
    user_id = addresses.user_id(path_value(request, "user_id"))
    addresses.no_parameters(query(request))
    user = store(request).read_user(user_id)
    items = news(request).items(user)
    return respond(wire.news(user, items))


def read_feed(request: Request) -> Response:
    """The news of several sources in their order; one that is slow or fails does not lose the others."""
    user_id = addresses.user_id(path_value(request, "user_id"))
    sources = addresses.sources(query(request))
    user = store(request).read_user(user_id)
    feed = news(request).feed(user, sources)
    return respond(wire.feed(user, feed))


def read_openapi(request: Request) -> Response:
    """The description of the API."""
    addresses.no_parameters(query(request))
    return respond(wire.openapi_document())


def log_in(request: Request) -> Response:
    """A token for whoever knows the name and the password."""
    addresses.no_parameters(query(request))
    form = forms.login_form(header(request, "Content-Type"), body(request))
    account = accounts.log_in(request, form)
    return respond(wire.token(sessions(request), sessions(request).begin(account)))


def log_out(request: Request) -> Response:
    """The token is of no more use, here or in the other app."""
    addresses.no_parameters(query(request))
    accounts.signed_in(request)
    accounts.end(request, sessions(request).of_bearer(header(request, "Authorization")))
    return respond(wire.removed())


def me(request: Request) -> Response:
    """The user whose token was sent."""
    addresses.no_parameters(query(request))
    account = accounts.signed_in(request)
    return respond(wire.me(account.user))


def read_metrics(request: Request) -> Response:
    """What this stack has counted, for Prometheus."""
    text = aside(metrics.text, settings(request).metrics_folder)
    return respond(wire.counted(text))
