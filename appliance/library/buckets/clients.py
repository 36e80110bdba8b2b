"""Speaking to the bucket of a library with the key of its file; what goes wrong, as the work on libraries knows it."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from appliance.library.originals.hindrances import Hindrance, NotDone
from storage.buckets import Bucket, Changed
from storage.endpoint import Endpoint
from storage.errors import StorageError, StorageUnavailable
from storage.keys import Key

QUICK_SECONDS = 5.0
_LARGEST = 4096
_FULL = frozenset({"QuotaExceeded", "XMinioAdminBucketQuotaExceeded"})
# No object is to blame for these, and somebody can change them.
_NOT_OF_OBJECTS = _FULL | {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket"}
NOWHERE = "no endpoint is named, and no appliance runs here whose storage it could be"


class Client:
    """Makes the Bucket anew once the file of its key is another one. endpoint: None where nobody knows it."""

    def __init__(self, endpoint: Endpoint | None, name: str, key_file: Path) -> None:
        self._endpoint, self._name, self._key_file = endpoint, name, key_file
        self._made: tuple[Key, Bucket] | None = None

    @property
    def bucket(self) -> Bucket:
        """Raises OSError, for people, where there is no key, or none that is kept well."""
        key = read(self._key_file)
        if self._made is None or self._made[0] != key:
            self._made = key, Bucket(self._known, self._name, key)
        return self._made[1]

    def quick(self) -> Bucket:
        """The same for somebody who can't wait. Raises likewise."""
        return Bucket(self._known, self._name, read(self._key_file), QUICK_SECONDS)

    @property
    def _known(self) -> Endpoint:
        if self._endpoint is None:
            raise OSError(errno.EDESTADDRREQ, NOWHERE)
        return self._endpoint


def read(path: Path) -> Key:
    """The key in a file, ACCESS:SECRET. Raises OSError, which never shows what stands there."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_LARGEST)
    except OSError as error:
        raise OSError(error.errno, f"the key file {path} can't be read: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise OSError(errno.EACCES, f"others can read the key file {path}: chmod 600 {path}")
    access, _, secret = text.decode("ascii", "replace").strip().partition(":")
    if not access or not secret or not (access + secret).isprintable():
        raise OSError(errno.EINVAL, f"the key file {path} does not hold ACCESS:SECRET")
    return Key(access, secret)


@contextmanager
def talking() -> Iterator[None]:
    """Has what storage says raised as OSError, for people."""
    try:
        yield
    except StorageError as error:
        raise OSError(errno.EIO, said(error)) from error


def hindered(error: StorageError, asset: UUID | None = None) -> NotDone:
    """Why nothing was done."""
    away = isinstance(error, StorageUnavailable) or error.code in _NOT_OF_OBJECTS
    kind = Hindrance.AWAY if away else Hindrance.FAILED
    return NotDone(Hindrance.CHANGED if isinstance(error, Changed) else kind, said(error), asset)


def said(error: StorageError) -> str:
    """For people."""
    if isinstance(error, Changed):
        return "another object is there than was read"
    if error.code in _FULL:
        return "the bucket has no room left: original and result need it both until the original is let go"
    return f"storage says: {error}"
