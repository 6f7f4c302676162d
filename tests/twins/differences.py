"""All that may differ between the twins, beside `async` and `await`. An unused row fails the test."""

from __future__ import annotations

# Files whose whole text must be the same. answers, http and app are the seams to the frameworks, passwords and processes those
# to threads and processes, server the one to the server, news the one to the HTTP client, of which each world has its own best,
# sqlite, readers and writer those to whatever waits for the database: there, names, order, docstrings
# and what functions take must be the same, and what is inside may differ.
SAME_TEXT = [
    "__init__.py",
    "accounts.py",
    "api.py",
    "events.py",
    "lab.py",
    "pages.py",
    "services.py",
    "stores/__init__.py",
    "stores/direct.py",
    "stores/engine.py",
    "stores/pools.py",
    "stores/postgresql.py",
    "stores/waiting.py",
]
SAME_OUTLINE = [
    "answers.py",
    "app.py",
    "http.py",
    "news.py",
    "passwords.py",
    "processes.py",
    "server.py",
    "stores/readers.py",
    "stores/sqlite.py",
    "stores/writer.py",
]

# What the WSGI app says -> what the ASGI app says.
WORDS = {
    "from sqlalchemy import Engine, create_engine, event": "from sqlalchemy import event\n"
    "from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine",
    "import Iterator\n": "import AsyncIterator\n",
    "-> Iterator[bytes]": "-> AsyncIterator[bytes]",
    "next(pieces)": "anext(pieces)",
    "from threading import Lock": "from asyncio import Lock",
    "-> Engine": "-> AsyncEngine",
    "(engine: Engine, ": "(engine: AsyncEngine, ",
    "= create_engine(": "= create_async_engine(",
    "driver_url('sqlite')": "driver_url('sqlite+aiosqlite')",
    "from psycopg_pool import ConnectionPool": "from psycopg_pool import AsyncConnectionPool",
    "ConnectionPool[Connection]": "AsyncConnectionPool[Connection]",
    "return ConnectionPool(": "return AsyncConnectionPool(",
    "= psycopg.Connection[": "= psycopg.AsyncConnection[",
    "event.listen(engine, ": "event.listen(engine.sync_engine, ",
    "as a Flask application, served by gunicorn: the synchronous twin of asgi_app": "as a Starlette application, "
    "served by uvicorn: the asynchronous twin of wsgi_app",
}

# Names that only one of them has, each with its reason.
OUTLINE_ONLY = {
    ("wsgi_app", "Reply.get_wsgi_headers"): "Flask's Response adds headers when it is sent",
    ("asgi_app", "Reply.__init__"): "Starlette's adds them when it is made",
    ("wsgi_app", "Protocol.handle_error"): "gunicorn's name for it",
    ("asgi_app", "Protocol.send_400_response"): "uvicorn's name for it",
    ("asgi_app", "Protocol.on_headers_complete"): "gunicorn refuses a second Content-Type by itself",
    ("wsgi_app", "TotalTime"): "the time of a blocking read is bounded at the socket, that of a task where it waits",
    ("wsgi_app", "TotalTime.settimeout"): "the same",
    ("wsgi_app", "TotalTime.recv_into"): "the same",
    ("wsgi_app", "EncryptedTotalTime"): "the same",
    ("wsgi_app", "Connection"): "urllib3 is told by subclasses what its connections are",
    ("wsgi_app", "Connection.connect"): "the same",
    ("wsgi_app", "Connection.getresponse"): "the same",
    ("wsgi_app", "Connection.is_connected"): "the same",
    ("wsgi_app", "EncryptedConnection"): "the same",
    ("wsgi_app", "EncryptedConnection._new_conn"): "the same",
    ("wsgi_app", "Pool"): "the same",
    ("wsgi_app", "EncryptedPool"): "the same",
    ("wsgi_app", "EncryptedPool.__init__"): "the same",
    ("wsgi_app", "News._response"): "aiohttp asks again by itself",
    ("asgi_app", "session"): "aiohttp keeps cookies unless it is told, urllib3 keeps none",
    ("asgi_app", "Connection"): "what aiosqlite has no public call for",
    ("asgi_app", "Connection.run"): "the same",
    ("asgi_app", "Database._connected.connect"): "a connection is made in its own thread",
    ("asgi_app", "Database._read_together"): "what waits in an event loop is read for one wait of it",
    ("asgi_app", "Readers._work"): "the same",
    ("wsgi_app", "Database._read_alone"): "threads read at once by themselves",
    ("wsgi_app", "Writer._group"): "between threads, what is asked and what is noted must be one step",
    ("wsgi_app", "SyncWorker"): "gunicorn has two kinds of workers in use here",
    ("wsgi_app", "ThreadWorker"): "the same",
    ("wsgi_app", "ThreadWorker.run"): "requests wait for a thread in the server's queue; uvicorn has none",
    ("wsgi_app", "Counting.begin"): "Flask calls something before and after a request",
    ("wsgi_app", "Counting.end"): "the same",
    ("asgi_app", "Counting.__call__"): "an ASGI app is wrapped in another one",
    ("asgi_app", "Noting"): "what an ASGI app sends goes through a callable, twice for an answer",
    ("asgi_app", "Noting.__init__"): "the same",
    ("asgi_app", "Noting.__call__"): "the same",
    ("wsgi_app", "AccessLog.__call__.noting"): "a WSGI app calls what it is given once",
    ("asgi_app", "StaysOpen.__call__"): "an ASGI answer sends itself",
    ("wsgi_app", "StaysOpen._pieces"): "a WSGI answer is what the server asks for its pieces",
    ("asgi_app", "Streams.__call__"): "an ASGI answer sends itself",
    ("asgi_app", "hangs_up"): "a thread that waits can't be told",
    ("wsgi_app", "resource.dispatch"): "Flask's handlers are functions, and get the values of the path",
    ("asgi_app", "Endpoint"): "Starlette's own wraps each request in a second handler of exceptions",
    ("asgi_app", "Endpoint.__init__"): "the same",
    ("asgi_app", "Endpoint.__call__"): "the same",
    ("asgi_app", "Pattern"): "Starlette's own takes steps for kinds of values that no path here has",
    ("asgi_app", "Pattern.matches"): "the same",
    ("asgi_app", "Exact"): "Starlette's router tries one route after another, Flask's goes through a tree",
    ("asgi_app", "Exact.__init__"): "the same",
    ("asgi_app", "Exact.matches"): "the same",
    ("asgi_app", "Exact.handle"): "the same",
    ("asgi_app", "while_listened.watch"): "an event loop can wait for two things at once",
    ("asgi_app", "create_app.lifespan"): "connections belong to the event loop, so they open when it runs",
}

# Names of both that take something else, each with its reason.
TAKES_ELSE = {
    "Counting.__init__": "Flask calls something before and after a request, an ASGI app is wrapped in another one",
    "AccessLog.__init__": "WSGI and ASGI have names of their own for an app",
    "AccessLog.__call__": "this is the difference of WSGI and ASGI",
    "resource": "Flask's rules are added to an app, Starlette's routes are made without one",
    "Readers.__init__": "what waits in an event loop is read for one wait of it",
}
