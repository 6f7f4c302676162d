"""How an answer leaves: at once, in pieces, or open until somebody ends it. Flask adds nothing to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from http import HTTPStatus
from itertools import chain
from time import sleep
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers

from userdb import sockets, wire

from .sockets import SocketProtocol

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

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


class Socket(Reply):
    """A WebSocket: each line is a message, until the server ends, or its client goes or says what it should not."""

    def __init__(self, answer: wire.Socket) -> None:
        super().__init__(b"", STATUS[answer.status], answer.headers)
        self._first, self._pieces, self._key = answer.body, answer.pieces, answer.key

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(self.status, [])  # for whoever logs it: the connection is not the server's any more
        with closing(self._pieces), suppress(OSError):  # what a socket raises where the client has gone
            protocol = SocketProtocol(environ["gunicorn.socket"])
            protocol.accept(self._key)
            for piece in chain([self._first], self._pieces):
                for line in piece.splitlines():
                    protocol.say(line)
                if not protocol.hear():
                    break
            else:
                protocol.end(sockets.SERVER_ENDS)
        raise StopIteration  # what makes gunicorn close the connection without a word


def respond(answer: wire.Answer) -> Response:
    """The answer, byte for byte."""
    if isinstance(answer, wire.Socket):
        return Socket(answer)
    if isinstance(answer, wire.Streamed):
        return Streams(answer)
    return (
        StaysOpen(answer)
        if isinstance(answer, wire.Open)
        else Reply(answer.body, STATUS[answer.status], answer.headers)
    )
