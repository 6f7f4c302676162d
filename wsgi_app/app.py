"""The application: `create_app()` makes it from its settings, `ROUTES` says where what is."""

from __future__ import annotations

import atexit

from flask import Flask

from userdb import settings as userdb_settings
from userdb.settings import Settings
from wsgi_app import api, http, pages
from wsgi_app.news import News
from wsgi_app.store import Store

ROUTES: dict[str, dict[str, http.View]] = {
    "/api/users/{user_id}": {
        "GET": api.read_user,
        "PUT": api.replace_user,
        "PATCH": api.change_user,
        "DELETE": api.remove_user,
    },
    "/api/users": {"GET": api.list_users, "POST": api.create_user},
    "/api/users/{user_id}/news": {"GET": api.read_news},
    "/api/users/{user_id}/feed": {"GET": api.read_feed},
    "/users/{user_id}": {"GET": pages.read_user},
    "/users": {"GET": pages.list_users},
    "/": {"GET": pages.home},
    "/openapi.json": {"GET": api.read_openapi},
    "/docs": {"GET": pages.read_docs},
    "/api/add": {"GET": api.add},
    "/healthz": {"GET": api.health},
    "/readyz": {"GET": api.ready},
}


def create_app(settings: Settings | None = None) -> Flask:
    """The app. Opening its connections raises SettingsError, DefectiveSQLiteError, or what the database raises."""
    settings = settings or userdb_settings.from_environment()
    app = Flask("wsgi_app", static_folder=None)
    http.install(app)
    for path, views in ROUTES.items():
        http.resource(app, path, views)
    store, news = Store(settings), News(settings)
    store.open()
    app.extensions["store"], app.extensions["news"] = store, news
    atexit.register(news.close)
    atexit.register(store.close)
    return app
