"""The application: `create_app()` makes it from its settings, `ROUTES` says where what is."""

from __future__ import annotations

import atexit
from typing import Any

from flask import Flask

from userdb import csv_files, ending, keys, logs, memory, metrics
from userdb import settings as userdb_settings
from userdb.devices import Devices
from userdb.pools import Teller
from userdb.queues import Places
from userdb.sessions import Sessions
from userdb.settings import Settings

from . import api, http, pages, routing, stores
from .events import Events
from .news import News
from .passwords import Passwords
from .processes import Processes
from .services import Services

ROUTES: dict[str, dict[str, routing.View]] = {
    "/api/users/{user_id}": {
        "GET": api.read_user,
        "PUT": api.replace_user,
        "PATCH": api.change_user,
        "DELETE": api.remove_user,
    },
    "/api/users": {"GET": api.list_users, "POST": api.create_user},
    "/api/users/import": {"POST": api.import_users},
    "/api/users/export.csv": {"GET": api.export_users},
    "/api/users/{user_id}/news": {"GET": api.read_news},
    "/api/users/{user_id}/feed": {"GET": api.read_feed},
    "/users/new": {"GET": pages.ask_for_new_user, "POST": pages.create_user},
    "/users/{user_id}": {"GET": pages.read_user},
    "/users/{user_id}/edit": {"GET": pages.ask_for_changes, "POST": pages.change_user},
    "/users/{user_id}/delete": {"GET": pages.ask_to_remove, "POST": pages.remove_user},
    "/users": {"GET": pages.list_users},
    "/": {"GET": pages.home},
    "/register": {"GET": pages.ask_to_register, "POST": pages.register},
    "/login": {"GET": pages.ask_to_log_in, "POST": pages.log_in},
    "/logout": {"GET": pages.ask_to_log_out, "POST": pages.log_out},
    "/api/events": {"GET": api.read_events},
    "/api/events/ws": {"GET": api.read_socket},
    "/api/login": {"POST": api.log_in},
    "/api/logout": {"POST": api.log_out},
    "/api/me": {"GET": api.me},
    "/openapi.json": {"GET": api.read_openapi},
    "/docs": {"GET": pages.read_docs},
    "/api/add": {"GET": api.add},
    "/metrics": {"GET": api.read_metrics},
    "/healthz": {"GET": api.health},
    "/readyz": {"GET": api.ready},
}


def create_app(settings: Settings | None = None) -> Flask:
    """The app. Opening its connections raises SettingsError, DefectiveSQLiteError, or what the database raises."""
    logs.bound()
    settings = settings or userdb_settings.from_environment()
    routes = {**ROUTES, **laboratory(settings)}
    known_keys = settings.session_keys or keys.load_or_create(settings.session_keys_file)
    sessions, devices = Sessions(known_keys, settings.session_seconds), Devices(known_keys)
    app = Flask("wsgi_app", static_folder=None)
    http.install(app)
    routing.resources(app, routes)
    store, news, processes = stores.chosen(settings), News(settings), Processes()
    passwords, exports = Passwords(settings), Places(csv_files.MOST_EXPORTS, "Too many are exporting users.")
    http.resize_pool(settings.pool_threads)
    store.open()
    own = app.extensions["services"] = Services(
        store, news, passwords, processes, sessions, devices, exports, Events(store), listening(settings), settings
    )
    atexit.register(processes.close)
    atexit.register(news.close)
    atexit.register(store.close)
    atexit.register(Teller(settings.metrics_folder, own.pools).close)
    ending.watch()
    log_requests(app, settings)
    connections = watch(app, settings)
    if connections is not None:
        store.watch(connections)
    memory.settle()
    return app


def laboratory(settings: Settings) -> dict[str, dict[str, routing.View]]:
    """The routes that block, where they are asked for; else none, and what they need is not even imported."""
    if not settings.lab:
        return {}
    from . import lab_routes

    return lab_routes.routes(settings)


def listening(settings: Settings) -> Places:
    """The streams that this process sends at a time: as many as suit its threads or its loop, unless it is told."""
    return Places(4 if settings.listeners is None else settings.listeners, "Too many are listening.")


def log_requests(app: Flask, settings: Settings) -> None:
    """Log each request, where that is asked for."""
    if settings.access_log:
        app.wsgi_app = http.AccessLog(app.wsgi_app)  # type: ignore[method-assign]  # Flask's way


def watch(app: Flask, settings: Settings) -> Any:
    """Count what is held up, and write it into a file, where one is asked for, and return what counts who waits for a
    connection; else None, and not even imported.
    """
    if settings.stalls_file is None:
        return None
    from stalls.pools import Waiting
    from stalls.record import KINDS
    from stalls.sink import Sink
    from stalls.wsgi import StallsMiddleware

    connections = Waiting()
    most = userdb_settings.MOST_STALLS
    sink = Sink(settings.stalls_file, rows=most, size=1000 * most, counted=metrics.stall)
    metrics.watch_stalls(KINDS)
    app.wsgi_app = StallsMiddleware(app.wsgi_app, into=sink, pools={"connections": connections})  # type: ignore[method-assign]  # Flask's way
    return connections
