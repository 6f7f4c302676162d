"""The operations of the API, one row each: parameters and bodies, answers and errors, with the limits of the validation."""

from __future__ import annotations

from typing import Any

import msgspec

from userdb import answers, forms, sockets, urls
from userdb.models import User

Schema = dict[str, Any]


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of an operation: where it stands, and what it may be."""

    name: str
    place: str  # "path", "query" or "header"
    schema: Schema
    description: str
    required: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one route."""

    method: str
    path: str
    name: str  # the name of the view in both apps
    summary: str
    parameters: tuple[Parameter, ...] = ()
    body: type[Any] | None = None  # of the request
    example: str = ""  # of the body
    upload: bool = False  # whether the body is a form with a file
    status: int = 200
    answer: type[Any] | None = None  # None: no body
    download: str = ""  # the media type of an answer that is a file
    headers: tuple[str, ...] = ()  # that the answer carries beside those of every answer
    unchanged: bool = False  # whether it may answer 304
    secured: bool = False  # whether it needs a token
    errors: tuple[int, ...] = ()


def _whole(least: int, most: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


ID = Parameter("user_id", "path", _whole(1, urls.LARGEST_ID), "The user's id.", required=True)
AFTER = Parameter(
    "after", "query", _whole(0, urls.LARGEST_ID, default=0), "Only users with larger ids; not in a search."
)
LIMIT = Parameter("limit", "query", _whole(1, urls.LARGEST_PAGE, default=urls.PAGE), "At most so many users.")
TEXT: Schema = {"type": "string", "maxLength": urls.LONGEST_SEARCH, "pattern": r"^[^\x00-\x1f\x7f]*$"}
SEARCH = Parameter("q", "query", TEXT, "Only users whose names begin so, in the order of their names.")
AFTER_USERNAME = Parameter("after_username", "query", TEXT, "Only users with later names, in the order of their names.")
SOURCES = Parameter("sources", "query", _whole(1, urls.MOST_SOURCES, default=urls.SOURCES), "How many sources.")
SUMMANDS = tuple(
    Parameter(name, "query", _whole(-(2**63), 2**63 - 1), "A summand.", required=True) for name in ("a", "b")
)
TAG: Schema = {"type": "string"}
IF_MATCH = Parameter("If-Match", "header", TAG, "Change only what has this entity tag; otherwise 412.")
IF_NONE_MATCH = Parameter("If-None-Match", "header", TAG, "Entity tags that the client has; 304 if one still holds.")
LAST_EVENT_ID = Parameter(
    "Last-Event-ID", "header", _whole(0, urls.LARGEST_ID), "The event that the client had last: it gets all after that."
)
LAST_EVENT_ID_TOO = Parameter(
    "last_event_id",
    "query",
    _whole(0, urls.LARGEST_ID),
    "The same, for those who can set no header; it goes before that.",
)

NEW = '{"username": "ada", "email": "ada@example.org", "age": 36}'
USERS, ONE = "/api/users", "/api/users/{user_id}"
LOGIN = '{"username": "ada", "password": "a long password"}'
READING, CHANGING = (404, 422, 503), (400, 401, 403, 404, 409, 412, 413, 415, 422, 503)

OPERATIONS = (
    Operation(
        method="GET", path="/healthz", name="health", summary="The app answers; database and news are not asked.",
        answer=answers.Status,
    ),
    Operation(
        method="GET", path="/readyz", name="ready", summary="The database answers too.", answer=answers.Status, errors=(503,)
    ),
    Operation(
        method="GET", path="/api/add", name="add", summary="The sum of two 64-bit integers.", parameters=SUMMANDS,
        answer=answers.Sum, errors=(400, 422),
    ),
    Operation(
        method="GET", path=USERS, name="list_users", summary="A page of users, by id or, in a search, by name.",
        parameters=(AFTER, LIMIT, SEARCH, AFTER_USERNAME), answer=answers.UserList, errors=(400, 422, 503),
    ),
    Operation(
        method="POST", path=USERS, name="create_user", summary="A new user.", body=forms.UserForm, example=NEW, status=201,
        answer=User, headers=("location", "etag"), secured=True, errors=(400, 401, 403, 409, 413, 415, 422, 503),
    ),
    Operation(
        method="POST", path=USERS + "/import", name="import_users",
        summary="All users of a CSV file (username, email, age), or none of them; they have no password yet.", upload=True,
        status=201, answer=answers.Imported, secured=True, errors=(400, 401, 403, 409, 413, 415, 422, 503),
    ),
    Operation(
        method="GET", path=USERS + "/export.csv", name="export_users",
        summary="All users as a CSV file, in the order of their ids.", download="text/csv",
        headers=("content-disposition",), errors=(400, 422, 503),
    ),
    Operation(
        method="GET", path=ONE, name="read_user", summary="One user.", parameters=(ID, IF_NONE_MATCH), answer=User,
        headers=("etag",), unchanged=True, errors=(400, *READING),
    ),
    Operation(
        method="PUT", path=ONE, name="replace_user", summary="The user, in all its fields.", parameters=(ID, IF_MATCH),
        body=forms.UserForm, example=NEW, answer=User, headers=("etag",), secured=True, errors=CHANGING,
    ),
    Operation(
        method="PATCH", path=ONE, name="change_user", summary="The user, in the fields that are named.",
        parameters=(ID, IF_MATCH), body=forms.UserChange, example='{"age": 37}', answer=User, headers=("etag",), secured=True,
        errors=CHANGING,
    ),
    Operation(
        method="DELETE", path=ONE, name="remove_user", summary="The user is gone; its id is never used again.",
        parameters=(ID, IF_MATCH), status=204, secured=True, errors=(400, 401, 403, 404, 412, 422, 503),
    ),
    Operation(
        method="GET", path=ONE + "/news", name="read_news", summary="The news about a user, from a slow third party.",
        parameters=(ID,), answer=answers.UserNews, errors=(400, *READING, 502, 504),
    ),
    Operation(
        method="GET", path=ONE + "/feed", name="read_feed",
        summary="The news of several sources; one that is slow or fails is listed as missing.", parameters=(ID, SOURCES),
        answer=answers.UserFeed, errors=(400, *READING, 502, 504),
    ),
    Operation(
        method="GET", path="/api/events", name="read_events",
        summary="What is done to users, as Server-Sent Events: created, changed and removed, each with user_id and version; "
        "missed where some are lost.",
        parameters=(LAST_EVENT_ID,), download="text/event-stream", errors=(400, 422, 503),
    ),
    Operation(
        method="GET", path=sockets.PATH, name="read_socket",
        summary="The same over a WebSocket: each message is a JSON text with id, type and data; the first is of type began.",
        parameters=(LAST_EVENT_ID_TOO, LAST_EVENT_ID), status=101, errors=(400, 403, 422, 426, 501, 503),
    ),
    Operation(
        method="POST", path="/api/login", name="log_in", summary="A token, for whoever knows the name and the password.",
        body=forms.LoginForm, example=LOGIN, answer=answers.Token, headers=("set-cookie",),
        errors=(400, 401, 413, 415, 422, 429, 503),
    ),
    Operation(
        method="POST", path="/api/logout", name="log_out", summary="The token is of no more use.", status=204, secured=True,
        errors=(400, 401, 422, 503),
    ),
    Operation(
        method="GET", path="/api/me", name="me", summary="The user whose token it is.", answer=User, secured=True,
        errors=(400, 401, 422, 503),
    ),
)  # fmt: skip
"""All that the API does, in the order of the document."""
