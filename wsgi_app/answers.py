"""How an answer leaves: at once, in pieces, or open until somebody ends it. Flask adds nothing to it."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from time import sleep
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers

from userdb import wire

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

STATUS = {each.value: f"{each.value} {each.phrase}" for each in HTTPStatus}


class Reply(Response):
    """An answer as it is: nothing added."""

    default_mimetype = None
    automatically_set_content_length = False

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return self.headers


class StaysOpen(Reply):
    """An answer that stays open, until its time is over, its client has gone, or the server ends."""

    def __init__(self, answer: wire.Open) -> None:
        super().__init__(self._pieces(answer), STATUS[answer.status], answer.headers)

    def _pieces(self, answer: wire.Open) -> Iterator[bytes]:
        for seconds in answer.waits():
            yield answer.body
            sleep(seconds)


class Streams(Reply):
    """An answer in pieces, each made when the one before it is on its way, and none for a client that has gone."""

    def __init__(self, answer: wire.Streamed) -> None:
        pieces = chain([answer.body], answer.pieces)
        super().__init__(filter(None, pieces), STATUS[answer.status], answer.headers)
        self.call_on_close(answer.pieces.close)


def respond(answer: wire.Answer) -> Response:
    """The answer, byte for byte."""
    if isinstance(answer, wire.Streamed):
        return Streams(answer)
    return (
        StaysOpen(answer)
        if isinstance(answer, wire.Open)
        else Reply(answer.body, STATUS[answer.status], answer.headers)
    )
