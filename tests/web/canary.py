"""A web server of somebody else: it notes what it is asked for, and serves what it was given as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Canary:
    """`url` where it is; `hits` are the paths it was asked for; `pages`, path → (type, bytes), is what it serves."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.hits: list[str] = []
        self.pages: dict[str, tuple[str, bytes]] = {}


@contextmanager
def canary() -> Iterator[Canary]:
    """Runs one on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = found.pages.get(self.path, ("text/plain", b""))
            if self.path not in found.pages and self.path != "/favicon.ico":  # a browser asks each server for that
                found.hits.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing: the hits are its log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Canary(server.server_address[1])
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
