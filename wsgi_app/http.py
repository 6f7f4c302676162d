"""The seam to Flask: what the views ask of a request, and where it goes. Nothing is left to a default."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, current_app, g, request
from flask import Request as Request
from flask import Response as Response
from werkzeug.exceptions import HTTPException

from userdb import errors, html, logs, metrics, sockets, trace
from userdb.forms import LARGEST_BODY, Preconditions

from .answers import respond
from .services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Argument = TypeVar("Argument")
Result = TypeVar("Result")

logger = logs.logger("wsgi_app")


class Counting:
    """Counts every request when its answer is on its way; a fault of ours is a 500."""

    def __init__(self, app: Flask) -> None:
        app.before_request(self.begin)
        app.after_request(self.end)

    def begin(self) -> None:
        g.began = perf_counter()

    def end(self, response: Response) -> Response:
        metrics.request(request.method, request.endpoint, response.status_code, perf_counter() - g.began)
        return response


class AccessLog:
    """Logs every request when its answer is on its way, where that is asked for."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began, status = perf_counter(), 0

        def noting(line: str, *more: Any) -> Callable[[bytes], object]:
            nonlocal status
            status = int(line[:3])
            return start_response(line, *more)

        try:
            return self._app(environ, noting)
        finally:
            own = Request(environ)
            logs.access(
                logger.name, own.method, own.environ["PATH_INFO"], status or 500, perf_counter() - began,
                request_id(own), trace_parent(own),
            )  # fmt: skip


def services(request: Request) -> Services:
    """What this process has for every request."""
    return cast(Services, current_app.extensions["services"])


def path_value(request: Request, name: str) -> str:
    """A part of the path, decoded."""
    return cast(str, (request.view_args or {})[name])


def query(request: Request) -> bytes:
    """The query string as it came."""
    return request.query_string


def header(request: Request, name: str) -> str | None:
    """A header, joined by commas where it came more than once."""
    return request.headers.get(name)


def socket_key(request: Request) -> str:
    """The key of who asks for a WebSocket. Raises UpgradeRequired, BadRequest, and Unsupported where the server holds none."""
    upgrade = header(request, "Upgrade") if request.method == "GET" else None
    key = header(request, "Sec-WebSocket-Key")
    fault = sockets.fault(upgrade, header(request, "Sec-WebSocket-Version"), key)
    if fault is not None:
        raise fault
    if "gunicorn.socket" not in request.environ:
        raise errors.Unsupported()
    return key or ""


def preconditions(request: Request) -> Preconditions:
    """What the client makes its change depend on."""
    return Preconditions(header(request, "If-Match"), header(request, "If-None-Match"))


def body(request: Request, most: int = LARGEST_BODY) -> bytes:
    """The whole body. Raises TooLarge beyond so many bytes."""
    # Flask's own limit raises, and on_http_exception makes TooLarge of it.
    request.max_content_length = most
    return request.get_data(cache=False)


def while_listened(request: Request, call: Result) -> Result:
    """The result of a call that the client waits for. Raises HungUp where it waits no longer: then the call is cancelled."""
    return call  # never here: who hangs up can't be noticed by a thread that waits for something else, nor the wait be ended


def run_in_thread(call: Callable[[Argument], Result], argument: Argument) -> Result:
    """Run a blocking call where it holds up no other request."""
    return call(argument)  # the other requests have threads or processes of their own


def run_in_own_thread(call: Callable[[Argument], Result], argument: Argument) -> Result:
    """The same in one of a few threads that nobody else waits for."""
    return call(argument)  # as above


def resize_pool(threads: int) -> None:
    """Have so many threads for blocking calls."""
    # The server's own: how many there are, it is told when it starts.


def pause(seconds: float) -> None:
    """Wait so long, or only let others go on, and hold up no other request."""
    sleep(seconds)


def refuse_odd_path(request: Request) -> None:
    """Neither `//users` nor `/users%0A` is `/users`, whatever the router takes for the same."""
    path = request.environ["PATH_INFO"]
    if path.startswith("//") or path.endswith("\n"):
        request.url_rule = None  # nor is it counted as that route
        raise errors.NotFound()


def request_id(request: Request) -> str:
    """What nginx calls this request."""
    return header(request, "X-Request-ID") or "-"


def trace_parent(request: Request) -> str | None:
    """The trace that it belongs to, if it says so."""
    return trace.parent(header(request, trace.HEADER))


def on_problem(request: Request, error: errors.Problem) -> Response:
    """What one of our own errors tells the client."""
    logs.problem(logger, error, request_id(request), trace_parent(request))
    path = request.environ["PATH_INFO"]  # request.path has //api as /api
    return respond(html.error(error, path, request_id(request)))


def on_http_exception(request: Request, error: HTTPException) -> Response:
    """The same for an error of the framework; its 405 means a method that no path knows."""
    return on_problem(request, errors.of_status(501 if error.code == 405 else error.code or 500))


def on_exception(request: Request, error: Exception) -> Response:
    """The same for a fault of ours: logged in full, shown to nobody."""
    logs.fault(logger, error, request_id(request), trace_parent(request))
    return on_problem(request, errors.Internal())


def install(app: Flask) -> None:
    """Give the app our rules instead of the framework's."""
    app.url_map.merge_slashes = False
    app.ensure_sync = lambda function: function  # type: ignore[method-assign, assignment]  # no view is a coroutine: nobody asks
    Counting(app)
    app.before_request(lambda: refuse_odd_path(request))
    app.register_error_handler(errors.Problem, lambda error: on_problem(request, error))
    app.register_error_handler(HTTPException, lambda error: on_http_exception(request, error))
    app.register_error_handler(Exception, lambda error: on_exception(request, error))
