"""A server that does with each connection what a test says, byte by byte."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.support.waiting import PATIENCE


class Server:
    """Does with its n-th connection what the n-th script says, and keeps all that is asked: `heads`.

    A script says for each request what is done: bytes are sent, and then what follows in a tuple is done; a number of seconds
    is waited for, None waits for the end of the test, and whatever can be called is called with the connection. None in the
    place of a request closes the connection, and so does the end of the script.
    """

    def __init__(self, scripts: Sequence[Sequence[object]]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.heads: list[bytes] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._accept, args=[scripts], daemon=True)

    def _accept(self, scripts: Sequence[Sequence[object]]) -> None:
        threads = []
        with self._listening:
            for script in scripts:
                connection, _ = self._listening.accept()
                threads.append(threading.Thread(target=self._serve, args=[connection, script], daemon=True))
                threads[-1].start()
        for thread in threads:
            thread.join()

    def _serve(self, connection: socket.socket, script: Sequence[object]) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            for answer in script:
                if answer is None:
                    return
                head = connection.recv(1 << 20)
                if not head:
                    return
                self.heads.append(head)
                for part in answer if isinstance(answer, tuple) else (answer,):
                    if isinstance(part, float):
                        time.sleep(part)
                    elif callable(part):
                        part(connection)
                    elif part is None:
                        self.ended.wait(PATIENCE)
                    else:
                        connection.sendall(part)


@contextmanager
def scripted(*scripts: Sequence[object]) -> Iterator[Server]:
    """Run such a server, and wait until it has done all that its scripts say."""
    server = Server(scripts)
    server.thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.thread.join(PATIENCE)
