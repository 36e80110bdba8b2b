"""LibreOffice's turn: one file in, one file out, in a folder and with a profile that it has for this run alone."""

import contextlib
import errno
import os
import signal
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from processors.office.inside.profile import make_profile
from processors.office.kinds import Kind
from processors.office.orders import MOST_PDF
from processors.refusals import Code, Refused, too_much_memory

# With nothing of a screen, of a user or of anybody who could be asked.
WORDS = ("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo", "--nofirststartwizard")
# By which a file ends a program that reads it: the same one would do so again.
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
RESTART = 81  # it has set up its profile, and asks to be started again
BLOCK_BYTES = 1 << 20


class Office:
    """Converts in `scratch`, with a run of `runs` each. build: see `libreoffice.Office`."""

    def __init__(
        self, scratch: str, build: str, runs: Sequence[Callable[[Sequence[str], Mapping[str, str]], int]]
    ) -> None:
        self._scratch, self._build = scratch, build
        self._runs = list(runs)

    def pdf(self, data: memoryview | bytes, kind: Kind) -> bytes:
        """Empty where there is no LibreOffice. Raises Refused: damaged, too_much_memory."""
        return self._run(data, kind, kind.writer)

    def converted(self, data: memoryview | bytes, kind: Kind, to: Kind) -> bytes:
        """The same as a file of another kind."""
        return self._run(data, kind, f"{to.name}:{to.reader}")

    def _run(self, data: memoryview | bytes, kind: Kind, writer: str) -> bytes:
        if not self._runs:
            return b""
        folder = Path(self._scratch) / f"run{len(self._runs)}"
        source = folder / f"document.{kind.name}"
        try:
            (folder / "out").mkdir(parents=True)
            source.write_bytes(data)
            make_profile(folder / "profile", self._build)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EFBIG):
                raise too_much_memory() from error
            raise
        words = [f"-env:UserInstallation=file://{folder}/profile", *WORDS, f"--infilter={kind.reader}"]
        words += ["--convert-to", writer, "--outdir", str(folder / "out"), str(source)]
        status = self._runs.pop()(words, _environment(folder))
        if status == RESTART and self._runs:
            status = self._runs.pop()(words, _environment(folder))
        source.unlink()
        return self._taken(folder / "out" / f"document.{writer.partition(':')[0]}", status)

    def _taken(self, path: Path, status: int) -> bytes:
        """What came out. Whoever made it is not trusted: it may be anything, or nothing."""
        made = _read(path) if status == 0 else b""
        if made:
            return made
        if _room(self._scratch) < BLOCK_BYTES or (path.is_file() and path.lstat().st_size > MOST_PDF):
            raise too_much_memory()
        if status in (0, 1) or -status in CRASHES:
            raise Refused(Code.DAMAGED, "The document is damaged: it can't be converted.")
        raise OSError(f"LibreOffice ended with {status}")


def _read(path: Path) -> bytes:
    """Of a regular file that is not too large; else nothing."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_size <= MOST_PDF:
                return file.read(MOST_PDF)
    return b""


def _environment(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "PATH": "/nowhere",
        "SAL_USE_VCLPLUGIN": "svp",
        "SAL_DISABLE_OPENCL": "1",
    }


def _room(folder: str) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
