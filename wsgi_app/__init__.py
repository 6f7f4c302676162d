"""The user database as a Flask application, served by gunicorn: the synchronous twin of asgi_app."""

import userdb.sqlite_driver  # noqa: F401  # first of all, before anything imports sqlite3
