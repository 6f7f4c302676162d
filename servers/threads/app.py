"""The application: asgi_app's, with the handlers and the store of wsgi_app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from importlib import import_module
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette

from asgi_app.app import ROUTES as ASYNC_ROUTES
from asgi_app.app import log_requests, watch
from asgi_app.http import resize_pool
from userdb import csv_files, ending, keys, logs, memory
from userdb import settings as userdb_settings
from userdb.devices import Devices
from userdb.pools import Teller
from userdb.queues import Places
from userdb.sessions import Sessions
from userdb.settings import Settings

from . import http, routing

_here = __package__
api, pages, lab_routes, stores = (import_module(f"{_here}.{name}") for name in ("api", "pages", "lab_routes", "stores"))
Events, News, Passwords, Processes, Services = (
    getattr(import_module(f"{_here}.{name.lower()}"), name)
    for name in ("Events", "News", "Passwords", "Processes", "Services")
)


def _plain(view: Any) -> routing.View:
    """The plain function that is the twin of an async one: of the same name in the module of the same name."""
    found: routing.View = getattr({"api": api, "pages": pages}[view.__module__.rpartition(".")[2]], view.__name__)
    return found


ROUTES = {path: {method: _plain(view) for method, view in views.items()} for path, views in ASYNC_ROUTES.items()}


def create_app(settings: Settings | None = None) -> Starlette:
    """The app. Opening its connections raises SettingsError, DefectiveSQLiteError, or what the database raises."""
    logs.bound()
    settings = settings or userdb_settings.from_environment()
    routes = {**ROUTES, **lab_routes.routes(settings)} if settings.lab else ROUTES
    known_keys = settings.session_keys or keys.load_or_create(settings.session_keys_file)
    sessions, devices = Sessions(known_keys, settings.session_seconds), Devices(known_keys)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        store, news, processes = stores.chosen(settings), News(settings), Processes()
        passwords, exports = Passwords(settings), Places(csv_files.MOST_EXPORTS, "Too many are exporting users.")
        resize_pool(settings.pool_threads)
        try:
            await to_thread.run_sync(store.open)
            listeners = Places(4 if settings.listeners is None else settings.listeners, "Too many are listening.")
            own = Services(
                store, news, passwords, processes, sessions, devices, exports, Events(store), listeners, settings
            )
            ending.watch()
            memory.settle()
            with closing(Teller(settings.metrics_folder, own.pools)):
                yield {"services": own}
        finally:
            memory.unsettle()
            processes.close()
            news.close()
            store.close()

    app = Starlette(
        routes=[routing.resource(path, routes[path]) for path in sorted(routes, key=lambda path: "{" in path)],
        lifespan=lifespan,
    )
    http.install(app)
    log_requests(app, settings)
    watch(app, settings)
    return app
