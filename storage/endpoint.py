"""Where an S3 is, how it names what we store, and what it can do: our own server, or one bucket of anybody's.

Everybody else speaks of two buckets, ORIGINALS and VERSIONS. Our own server has both; elsewhere they are the first part
of the keys in one bucket. Public paths are the same either way: the edge puts the name of the bucket before them.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlsplit

from storage.layout import ORIGINALS, SIGNING_HOST
from storage.signing import REGION

_STANDARD = {"http": 80, "https": 443}


class Ability(StrEnum):
    """What not every S3 can do. Our own server can do all of it."""

    VERSIONS = "versions"
    """Keeps what is overwritten, and gives it by its version id."""
    FORMS = "forms"
    """Takes a form sent by a browser, and holds it to its policy."""
    REDUCED = "reduced"
    """Takes the storage class for what can be made again."""
    CHECKED = "checked"
    """Compares what it gets with the SHA-256 that was signed."""
    ORDERED = "ordered"
    """Lists all keys in the order of their bytes."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One S3, by its `url` (scheme://host[:port])."""

    url: str
    region: str = REGION
    bucket: str = ""
    """The one bucket that all is in; empty for a server of our own kind, which has both of ours."""
    abilities: frozenset[Ability] = frozenset(Ability)

    @property
    def own(self) -> bool:
        return not self.bucket

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """Host and port as a client's Host header has them: without the port that the scheme has anyway."""
        parts = urlsplit(self.url)
        return parts.netloc.removesuffix(f":{_STANDARD.get(parts.scheme)}")

    @property
    def address(self) -> str:
        """host:port, whatever the port is."""
        parts = urlsplit(self.url)
        return self.host if parts.port and self.host == parts.netloc else f"{self.host}:{_STANDARD[parts.scheme]}"

    @property
    def signing_host(self) -> str:
        """The host that links are signed for, and that the edge sets upstream."""
        return SIGNING_HOST if self.own else self.host

    @property
    def keeps_versions(self) -> bool:
        return Ability.VERSIONS in self.abilities

    def versioned(self, bucket: str) -> bool:
        """Whether versions of one key in `bucket` are told apart: of what is developed there is only the newest."""
        return self.own or (self.keeps_versions and bucket == ORIGINALS)

    def bucket_of(self, bucket: str) -> str:
        """The bucket that really is."""
        return self.bucket or bucket

    def key_of(self, bucket: str, key: str) -> str:
        """The key in it, or the beginning of one; with no `bucket` one beside all of ours."""
        return f"{bucket}/{key}" if self.bucket and bucket else key

    def path(self, bucket: str, key: str) -> str:
        """The path of an object, encoded; of the bucket itself where `key` is empty."""
        return f"/{self.bucket_of(bucket)}/{quote(self.key_of(bucket, key), safe='/~') if key else ''}"

    def ours(self, bucket: str, key: str) -> str:
        """The opposite of `key_of`."""
        return key.removeprefix(self.key_of(bucket, ""))


OWN = Endpoint("")
"""A server of our own kind, wherever it is: what is signed for it names no address."""


def endpoint(where: "str | Endpoint") -> Endpoint:
    """`where`, or the server of our own kind at that address."""
    return where if isinstance(where, Endpoint) else Endpoint(where.rstrip("/"))
