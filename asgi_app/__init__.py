"""The user database as a Starlette application, served by uvicorn: the asynchronous twin of wsgi_app."""

import userdb.sqlite_driver  # noqa: F401  # first of all, before anything imports sqlite3
