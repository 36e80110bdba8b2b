"""Where backups are kept: a folder, such as a mounted disk, or a bucket of another S3."""

import hashlib
import io
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from storage.transport import pool

CHUNK = 1 << 20
MISSING = ("NoSuchKey", "NoSuchObject")
PART_BYTES = 64 << 20  # of an upload in parts


class StoreError(Exception):
    """The store can't be used, or does not hold what it should. Says why."""


class NotThere(StoreError):
    """The store has no such file."""


class WrongBytes(Exception):
    """The bytes read are not those of the SHA-256 that is known of them."""


class Store(Protocol):
    """Files by their names, written whole or not at all. Every method may raise StoreError."""

    def has(self, name: str) -> bool: ...

    def write(self, name: str, pieces: Iterable[bytes], size: int, sha256: str | None = None) -> None:
        """Writes `size` bytes; raises WrongBytes, and nothing is there, if they are not those of `sha256`."""

    def read(self, name: str) -> Iterator[bytes]: ...

    def names(self, prefix: str) -> list[str]:
        """What is directly below `prefix`, which ends in "/": each name without it and without what follows a "/"."""

    def remove(self, name: str) -> None:
        """It is not there any more; it may not have been."""

    def tidy(self) -> None:
        """Removes what writes that were killed have left, while nobody writes."""


def at(where: str, key: str | None) -> Store:
    """The store at `where`: a folder, or http[s]://host[:port]/bucket[/prefix] with `key` as access:secret.

    Raises StoreError.
    """
    if not where.startswith(("http://", "https://")):
        return Folder(Path(where))
    if not key or ":" not in key:
        raise StoreError("the key of that S3 is to be given as access:secret in DARKROOM_BACKUP_KEY")
    return Bucket(where, key)


def checked(pieces: Iterable[bytes], sha256: str | None, size: int | None = None) -> Iterator[bytes]:
    """The same pieces. Raises WrongBytes if they are others than they should be: where `size` is known before the last
    one is given on, since whoever wants just so many bytes does not ask for the end.
    """
    digest, seen = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        seen += len(piece)
        if size is not None and seen >= size:
            _compare(digest.hexdigest(), sha256)
        yield piece
    _compare(digest.hexdigest(), sha256)
    if size not in (None, seen):
        raise WrongBytes(f"{seen} bytes, where {size} are known")


def _compare(found: str, known: str | None) -> None:
    if known not in (None, found):
        raise WrongBytes(f"SHA-256 {found}, where {known} is known")


class Folder:
    """A folder on this machine: another disk, or one of another machine that is mounted here."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def has(self, name: str) -> bool:
        return (self._path / name).exists()

    def write(self, name: str, pieces: Iterable[bytes], size: int, sha256: str | None = None) -> None:
        target = self._path / name
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                for piece in checked(pieces, sha256, size):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
            _sync(target.parent)
        except OSError as error:
            raise StoreError(f"{target} can't be written: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                draft.unlink()

    def read(self, name: str) -> Iterator[bytes]:
        try:
            with (self._path / name).open("rb") as file:
                while piece := file.read(CHUNK):
                    yield piece
        except FileNotFoundError:
            raise NotThere(f"{self._path / name} is not there") from None
        except OSError as error:
            raise StoreError(f"{self._path / name} can't be read: {error.strerror or error}") from error

    def names(self, prefix: str) -> list[str]:
        try:
            return sorted(entry.name for entry in (self._path / prefix).iterdir() if not entry.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self._path / prefix} can't be read: {error.strerror or error}") from error

    def remove(self, name: str) -> None:
        path = self._path / name
        try:
            path.unlink(missing_ok=True)
            if path.parent.parent != self._path:
                with suppress(OSError):  # others are in it, or it is gone
                    path.parent.rmdir()
        except OSError as error:
            raise StoreError(f"{path} can't be removed: {error.strerror or error}") from error

    def tidy(self) -> None:
        for draft in list(self._path.glob("**/.*.new")):
            self.remove(str(draft.relative_to(self._path)))


def _sync(folder: Path) -> None:
    """So that the name is on the disk as well: fsync(2)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket:
    """A bucket of another S3, from a prefix on."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._bucket, _, prefix = parts.path.strip("/").partition("/")
        if not self._bucket:
            raise StoreError(f"{url} names no bucket: it is http[s]://host[:port]/bucket[/prefix]")
        self._prefix = f"{prefix}/" if prefix else ""
        access, _, secret = key.partition(":")
        self._client = Minio(
            parts.netloc,
            access,
            secret,
            secure=parts.scheme == "https",
            http_client=pool(60.0),
        )

    def has(self, name: str) -> bool:
        try:
            self._client.stat_object(self._bucket, self._prefix + name)
        except S3Error as error:
            if error.code in MISSING:
                return False
            raise _failed(error) from error
        except (MinioException, HTTPError) as error:
            raise _failed(error) from error
        return True

    def write(self, name: str, pieces: Iterable[bytes], size: int, sha256: str | None = None) -> None:
        stream = as_file(checked(pieces, sha256, size))
        try:
            self._client.put_object(self._bucket, self._prefix + name, stream, size, part_size=PART_BYTES)
        except (MinioException, HTTPError) as error:
            raise _failed(error) from error

    def read(self, name: str) -> Iterator[bytes]:
        try:
            answer = self._client.get_object(self._bucket, self._prefix + name)
            try:
                yield from answer.stream(CHUNK)
            finally:
                answer.close()
                answer.release_conn()
        except (MinioException, HTTPError) as error:
            raise _failed(error) from error

    def names(self, prefix: str) -> list[str]:
        below = self._prefix + prefix
        try:
            found = [one.object_name or "" for one in self._client.list_objects(self._bucket, below)]
        except (MinioException, HTTPError) as error:
            raise _failed(error) from error
        return sorted(name.removeprefix(below).rstrip("/") for name in found)

    def remove(self, name: str) -> None:
        try:
            self._client.remove_object(self._bucket, self._prefix + name)
        except (MinioException, HTTPError) as error:
            raise _failed(error) from error

    def tidy(self) -> None:
        """The server itself removes parts of uploads that were never ended."""


def _failed(error: Exception) -> StoreError:
    kind = NotThere if isinstance(error, S3Error) and error.code in MISSING else StoreError
    return kind(getattr(error, "message", None) or str(error) or type(error).__name__)


class _Pieces(io.RawIOBase):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._left = iter(pieces), memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        while not self._left:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def as_file(pieces: Iterable[bytes]) -> BinaryIO:
    """Something to read from, of which `pieces` come out, as they are asked for."""
    return cast(BinaryIO, io.BufferedReader(_Pieces(pieces), CHUNK))
