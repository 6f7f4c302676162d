"""The JSON views: parse what came, await the store, render what goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from time import monotonic

from userdb import csv_files, ending, events, forms, metrics, permissions, uploads, urls, wire
from userdb.events import Format
from userdb.urls import PageOfUsers
from userdb.wire import Answer

from . import accounts
from .http import (
    Request,
    body,
    header,
    path_value,
    pause,
    preconditions,
    query,
    run_in_thread,
    services,
    socket_key,
    trace_parent,
    while_listened,
)
from .services import Services


async def health(request: Request) -> Answer:
    """The app answers; neither database nor news service is asked."""
    return wire.healthy()


async def ready(request: Request) -> Answer:
    """The database answers too; 503 where it does not."""
    await services(request).store.ready()
    return wire.ready()


async def add(request: Request) -> Answer:
    """The sum of two numbers: what the framework costs and nothing else."""
    summands = urls.summands(query(request))
    return wire.total(summands)


async def list_users(request: Request) -> Answer:
    """A page of users, by id or, in a search, by name; and where the next one is."""
    page = urls.page_of_users(query(request))
    users = await services(request).store.page_of_users(page)
    return wire.users(users, page)


async def create_user(request: Request) -> Answer:
    """A new user: 201, its URL, itself."""
    urls.no_parameters(query(request))
    session, account = await accounts.require_account(request)
    permissions.to_create(account)
    form = forms.user_form(header(request, "Content-Type"), await body(request))
    password_hash = await accounts.hash_of_new(request, account, form)
    user = await services(request).store.create_user(session, form, password_hash)
    return wire.created(user)


async def import_users(request: Request) -> Answer:
    """All users of a CSV file, or none: 201, and how many."""
    urls.no_parameters(query(request))
    session, account = await accounts.require_account(request)
    permissions.to_create(account)
    file = uploads.only_file(header(request, "Content-Type"), await body(request, uploads.LARGEST))
    users = await run_in_thread(csv_files.users, file)
    await services(request).store.create_users(session, users)
    return wire.imported(users)


async def export_users(request: Request) -> Answer:
    """All users as a CSV file, which is sent as fast as it is read."""
    urls.no_parameters(query(request))
    pieces = _file(services(request))
    first = await anext(pieces)
    return wire.exported(first, pieces)


async def read_events(request: Request) -> Answer:
    """What is done to users from now on, or since the event that the client had last, for as long as it listens."""
    urls.no_parameters(query(request))
    last = events.last_id(header(request, "Last-Event-ID"))
    pieces = _told(services(request), last, events.STREAM)
    first = await anext(pieces)
    return wire.events(first, pieces)


async def read_socket(request: Request) -> Answer:
    """The same over a WebSocket; what is wrong with the request is told before it changes to one."""
    key = socket_key(request)
    accounts.refuse_strangers(request)
    parameter = urls.last_event_id(query(request))
    last = events.last_id(header(request, "Last-Event-ID"))
    if parameter is not None:
        last = events.last_id(parameter, "last_event_id")
    pieces = _told(services(request), last, events.MESSAGES)
    first = await anext(pieces)
    return wire.socket(first, pieces, key)


async def read_user(request: Request) -> Answer:
    """One user; 304 where the client has this state already."""
    user_id = urls.user_id(path_value(request, "user_id"))
    urls.no_parameters(query(request))
    user = await services(request).store.read_user(user_id)
    return wire.user(user, header(request, "If-None-Match"))


async def replace_user(request: Request) -> Answer:
    """The user as the client wants it, in all its fields."""
    user_id = urls.user_id(path_value(request, "user_id"))
    urls.no_parameters(query(request))
    session, account = await accounts.require_account(request)
    permissions.to_change(account, user_id)
    form = forms.user_form(header(request, "Content-Type"), await body(request))
    password_hash = await accounts.hash_of_changed(request, account, user_id, form, preconditions(request))
    user = await services(request).store.change_user(session, user_id, form, preconditions(request), password_hash)
    return wire.user(user)


async def change_user(request: Request) -> Answer:
    """The user with the fields that the client names changed."""
    user_id = urls.user_id(path_value(request, "user_id"))
    urls.no_parameters(query(request))
    session, account = await accounts.require_account(request)
    permissions.to_change(account, user_id)
    form = forms.user_change(header(request, "Content-Type"), await body(request))
    password_hash = await accounts.hash_of_changed(request, account, user_id, form, preconditions(request))
    user = await services(request).store.change_user(session, user_id, form, preconditions(request), password_hash)
    return wire.user(user)


async def remove_user(request: Request) -> Answer:
    """The user is gone, and its id is never used again."""
    user_id = urls.user_id(path_value(request, "user_id"))
    urls.no_parameters(query(request))
    session, account = await accounts.require_account(request)
    permissions.to_remove(account, user_id)
    await services(request).store.remove_user(session, user_id, preconditions(request))
    return wire.removed()


async def read_news(request: Request) -> Answer:
    """What the news service says about a user: one query, one call."""
    user_id = urls.user_id(path_value(request, "user_id"))
    urls.no_parameters(query(request))
    user = await services(request).store.read_user(user_id)
    items = await while_listened(request, services(request).news.items(user, trace_parent(request)))
    return wire.news(user, items)


async def read_feed(request: Request) -> Answer:
    """The news of several sources in their order; one that is slow or fails does not lose the others."""
    user_id = urls.user_id(path_value(request, "user_id"))
    sources = urls.sources(query(request))
    user = await services(request).store.read_user(user_id)
    feed = await while_listened(request, services(request).news.feed(user, sources, trace_parent(request)))
    return wire.feed(user, feed)


async def read_openapi(request: Request) -> Answer:
    """The description of the API."""
    urls.no_parameters(query(request))
    return wire.openapi_document()


async def log_in(request: Request) -> Answer:
    """A token for whoever knows the name and the password."""
    urls.no_parameters(query(request))
    form = forms.login_form(header(request, "Content-Type"), await body(request))
    account = await accounts.log_in(request, form)
    cookie = accounts.device_cookie(request, account, "/api/login")
    return wire.token(services(request).sessions, services(request).sessions.begin(account), cookie)


async def log_out(request: Request) -> Answer:
    """The token is of no more use, here or in the other app."""
    urls.no_parameters(query(request))
    session, _ = await accounts.require_account(request)
    await accounts.end(request, session)
    return wire.removed()


async def me(request: Request) -> Answer:
    """The user whose token was sent."""
    urls.no_parameters(query(request))
    _, account = await accounts.require_account(request)
    return wire.me(account.user)


async def read_metrics(request: Request) -> Answer:
    """What this stack has counted, and how its pools are, for Prometheus."""
    own = services(request)
    text = await run_in_thread(partial(metrics.text, own.settings.metrics_folder), own.pools)
    return wire.counted(text)


async def _file(own: Services) -> AsyncIterator[bytes]:
    """The file of all users, a page at a time: nothing is kept in the database between two of them. Raises Busy."""
    page: PageOfUsers | None = PageOfUsers(limit=csv_files.PIECE)
    before = csv_files.HEAD
    with own.exports.one():
        while page is not None:
            found = await own.store.page_of_users(page)
            yield before + csv_files.lines(found[: page.limit])
            page, before = csv_files.page_after(page, found), b""


async def _told(own: Services, last: int | None, form: Format) -> AsyncIterator[bytes]:
    """Events, each once and in their order, until the server ends; nothing, each time that there is none. Raises Busy."""
    with own.listeners.one():
        there = await own.store.kept_events()
        last, piece = events.beginning(last, there, form)
        said = monotonic()
        yield piece
        while not ending.is_near():
            last, piece = await own.events.after(last, form)
            if not piece and monotonic() - said >= events.SILENCE:
                piece = form.heartbeat
            if piece:
                said = monotonic()
            yield piece
            if not piece:
                await pause(events.INTERVAL)
