"""What the parts say: each line to a file of its part, cut off at a size, and to the terminal under the part's name."""

import asyncio
import contextlib
import sys
from collections import deque
from pathlib import Path

LIMIT = 8 * 1024 * 1024
KEPT = 2
LONGEST_LINE = 16 * 1024


class Log:
    """The log of one part: `name.log`, before it `name.log.1` and `name.log.2`, at most 8 MiB each."""

    def __init__(self, folder: Path, name: str, width: int = 0, echo: bool = False) -> None:
        self.path = folder / f"{name}.log"
        self.last: deque[str] = deque(maxlen=20)
        self._prefix = f"{name:{width}} | "
        self._echo = echo
        self._file = self.path.open("ab", buffering=0)

    def write(self, line: str) -> None:
        self.last.append(line)
        # On a full disk lines are lost; a part whose output nobody takes would stand still as well.
        with contextlib.suppress(OSError):
            self._file.write(line.encode("utf-8", "replace") + b"\n")
            if self._file.tell() > LIMIT:
                self._rotate()
        if self._echo:
            self._print(line)

    def _print(self, line: str) -> None:
        try:
            print(self._prefix + line, flush=True)
        except OSError:
            # The terminal has gone away; that is no reason for the parts to.
            self._echo = False

    async def pump(self, stream: asyncio.StreamReader) -> None:
        """Copies a process's output until it ends; a line of any length can't stop it."""
        rest = b""
        while chunk := await stream.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.write(line[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r"))
        if rest:
            self.write(rest.decode("utf-8", "replace"))

    def close(self) -> None:
        self._file.close()

    def _rotate(self) -> None:
        for number in range(KEPT, 0, -1):
            newer = self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(self.path.with_name(f"{self.path.name}.{number}"))
        fresh = self.path.open("ab", buffering=0)
        self._file.close()
        self._file = fresh


def tail(path: Path, lines: int = 15) -> list[str]:
    """The last lines of a log file; none if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 32 * 1024))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []


def to_terminal(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
