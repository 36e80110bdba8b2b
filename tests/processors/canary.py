"""A server that only counts who comes: nobody may."""

import socket
import threading


class Canary:
    """A server on loopback that only counts who comes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/canary"
        self.visits = 0
        self._came = threading.Event()
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            self._came.set()
            visitor.close()

    def visited(self, seconds: float) -> bool:
        """Whether anybody came, or comes in so many seconds."""
        return self._came.wait(seconds)

    def close(self) -> None:
        self._listener.close()
