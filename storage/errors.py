"""What can go wrong between us and the storage server."""

from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, MinioAdminException, S3Error, ServerError
from urllib3.exceptions import HTTPError


class StorageError(Exception):
    """The server refused or didn't understand: a fault of ours, asking again won't help.

    `code` is the S3 error code, where there was one.
    """

    code = ""


class StorageUnavailable(StorageError):
    """No server, no quorum or no space: what was asked may work later."""


class ObjectMissing(StorageError):
    """There is no such object or version. While drives are missing it may exist all the same: delete nothing on it.

    `marker` is the version id of the delete marker that hides the object, if there is one.
    """

    marker = ""


class ObjectReplaced(StorageError):
    """Other bytes are there than those that were pinned: in a bucket that keeps no versions a form was sent again."""


_MISSING = frozenset({"NoSuchKey", "NoSuchVersion"})


def of_answer(status: int, code: str, what: str) -> StorageError:
    """The error for an answer's HTTP `status` and S3 error `code`; `what` names the request in the message."""
    message = f"{what}: {status} {code}".rstrip()
    kind = StorageError
    if status >= 500 or status == 429:
        kind = StorageUnavailable
    elif status == 404 and code in _MISSING:
        kind = ObjectMissing
    error = kind(message)
    error.code = code
    return error


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns what minio-py and urllib3 raise into the errors above."""
    try:
        yield
    except S3Error as error:
        # An S3Error made from an error document holds the whole response.
        raise of_answer(error.response.status, error.code or "", what) from error
    except (ServerError, InvalidResponseError) as error:
        status = error.status_code if isinstance(error, ServerError) else error._code
        raise of_answer(status, "", what) from error
    except MinioAdminException as error:
        raise of_answer(int(error._code), str(error._body)[:200], what) from error
    except HTTPError as error:
        raise StorageUnavailable(f"{what}: {type(error).__name__}") from error
