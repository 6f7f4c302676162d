"""A connection that is kept: one request at a time, sent and answered in callbacks of the event loop.

No greenlet waits for an answer: it would cost each request two switches, a timer and two calls of epoll_ctl.
"""

from __future__ import annotations

import zlib
from ssl import SSLWantReadError, SSLWantWriteError
from typing import Any, Protocol

import gevent
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from openloop.answer import Headers, Received
from openloop.arrival import now

READ, WRITE = 1, 2
MOST_READ = 1 << 16
"""Bytes that are read at once."""

_NOT_YET = (BlockingIOError, SSLWantReadError, SSLWantWriteError)


class Waiting(Protocol):
    """Who waits for an answer, and is told of one of the two."""

    def answered(self, received: Received, at: float) -> None:
        """The whole answer, and the time of its last byte."""

    def broke(self, error: Exception) -> None:
        """Why there will be no answer; the connection is closed."""


class Connection:
    """Takes a connected socket."""

    def __init__(self, socket: Any) -> None:
        socket.settimeout(0.0)
        self._socket = socket
        self._loop: Any = gevent.get_hub().loop
        self._reader: Any = self._loop.io(socket.fileno(), READ)
        self._reader.start(self._on_readable)
        self._writer: Any = None
        self._parser = HttpResponseParser(self)
        self._unsent = b""
        self._waiting: Waiting | None = None
        self._is_head = self._has_headers = False
        self._received: Received | None = None
        self._fields: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self.is_reusable = True
        """Whether it takes another request once nobody waits."""
        self.is_stale = False
        """Whether it has answered before, and not begun to answer now: the server may just have given it up."""

    def send(self, message: bytes, waiting: Waiting) -> None:
        """Send a request; the one before has been answered."""
        self._waiting, self._received = waiting, None
        self._is_head = message.startswith(b"HEAD ")
        self._unsent = message
        self._write()

    def close(self) -> None:
        """Close it, and tell nobody anything any more."""
        self.is_reusable, self._waiting = False, None
        self._reader.close()
        self._write_later(False)
        self._socket.close()

    def _write(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except _NOT_YET:
            sent = 0
        except OSError:  # the reason why may be there to be read
            self.is_reusable, sent = False, len(self._unsent)
            self._write_later(False)
            self._on_readable()
            return
        self._unsent = self._unsent[sent:]
        if self._unsent or self._writer is not None:
            self._write_later(bool(self._unsent))

    def _write_later(self, later: bool) -> None:
        if later and self._writer is None:
            self._writer = self._loop.io(self._socket.fileno(), WRITE)
            self._writer.start(self._write)
        elif not later and self._writer is not None:
            self._writer.close()
            self._writer = None

    def _on_readable(self) -> None:
        waiting = self._waiting
        try:
            while self._received is None or waiting is None:
                data = self._socket.recv(MOST_READ)
                at = now()
                self._take(data)
            received = self._received
            received.decode()
        except _NOT_YET:
            return
        except (OSError, HttpParserError, HttpParserUpgrade, ValueError, zlib.error) as error:
            self.close()
            if waiting is not None:
                waiting.broke(error)
            return
        self.is_reusable &= not self._unsent
        self.is_stale, self._waiting = True, None
        waiting.answered(received, at)

    def _take(self, data: bytes) -> None:
        if not data:
            self._end()
            return
        if self._waiting is None:
            raise ConnectionError("an answer to no request")
        self.is_stale = False
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            if self._received is None:
                raise
            self.is_reusable = False  # a whole answer, and then something else

    def _end(self) -> None:
        """The server closed it, which is the end of an answer that did not tell its length."""
        self.is_reusable = False
        if not self._has_headers or not self._fields.keys().isdisjoint((b"content-length", b"transfer-encoding")):
            raise ConnectionResetError("the server closed the connection")
        self._complete()

    def _complete(self) -> None:
        if self._received is not None:
            return  # this one nobody asked for
        parser = self._parser
        self._received = Received(parser.get_status_code(), Headers(self._fields), b"".join(self._body))
        self.is_reusable &= parser.should_keep_alive()

    # What the parser calls.

    def on_message_begin(self) -> None:
        self.is_reusable &= self._received is None  # else it is one too many
        self._fields, self._body, self._has_headers = {}, [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        fields = self._fields
        fields[name] = fields[name] + b", " + value if name in fields else value

    def on_headers_complete(self) -> None:
        self._has_headers = self._parser.get_status_code() >= 200
        if self._is_head and self._has_headers:
            self._complete()
            self._parser = HttpResponseParser(self)  # this one waits for the body that there is not

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._has_headers:  # else it was an interim answer
            self._complete()
