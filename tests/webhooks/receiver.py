"""A receiver of webhooks of the tests' own: it answers as it is told to, and keeps all that it was sent."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

ALLOWED = "127.0.0.2"  # the network that the tests' operator allows; 127.0.0.1 stays private


class Sent(NamedTuple):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


Answer = Callable[["Request", int], None]  # what to do with a request, and how many came before it


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sent = Sent(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        with self.server.lock:
            number = len(self.server.sent)
            self.server.sent.append(sent)
        self.server.answer(self, number)

    do_GET = do_POST

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: Answer
    sent: list[Sent]
    lock: threading.Lock

    def handle_error(self, *_: object) -> None:
        return


class Receiver:
    """`url` to send to, `sent` what came, `answer` what it does; it says yes unless told otherwise."""

    def __init__(self, host: str, trust: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._server = _Server((host, port), Request)
        self._server.sent, self._server.lock = [], threading.Lock()
        self.answers(lambda request, _: request.say(200))
        if trust:
            self._server.socket = trust.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self.url = f"{'https' if trust else 'http'}://{host}:{self.port}/hook"

    def answers(self, answer: Answer) -> None:
        self._server.answer = answer

    @property
    def sent(self) -> list[Sent]:
        with self._server.lock:
            return list(self._server.sent)

    @property
    def seqs(self) -> list[int]:
        """The numbers of the events as they came, doubles and all."""
        return [sent.event["seq"] for sent in self.sent]

    @property
    def unique(self) -> list[int]:
        """The numbers as they came first: what a receiver has that keeps the ids it has seen."""
        return list({sent.id: sent.event["seq"] for sent in self.sent}.values())

    def run(self) -> None:
        self._server.serve_forever(0.05)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiver(host: str = ALLOWED, trust: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Receiver]:
    """One that listens while the block runs."""
    made = Receiver(host, trust, port)
    threading.Thread(target=made.run, daemon=True).start()
    try:
        yield made
    finally:
        made.close()


def hang(request: Request, _: int) -> None:
    """Says nothing for longer than anybody waits."""
    time.sleep(30)


def trickle(request: Request, _: int) -> None:
    """A head that never ends: a byte now and then, so that the connection is never idle."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nServer: ")
    for _tick in range(200):
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(0.1)
