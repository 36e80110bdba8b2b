"""What somebody else's S3 can do: found out by doing it, on keys of our own that are removed again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from minio import Minio
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig
from urllib3.filepost import encode_multipart_formdata

from storage.endpoint import Ability, Endpoint
from storage.errors import ObjectMissing, StorageError, StorageUnavailable, translated
from storage.layout import MARK, PROBES
from storage.links import UploadForms
from storage.listing import answers, entries, folders
from storage.objects import Objects
from storage.signing import Signer
from storage.transport import Transport, pool

SECONDS = 10.0  # the longest that one answer is waited for
_FIELD = 5  # bytes that the form tried here lets through


class Unfit(Exception):
    """What every S3 must do and this one does not; the message says what."""


def find_bucket(endpoint: Endpoint, access: str, secret: str, make: bool) -> None:
    """Looks for the endpoint's bucket; where there is none and it may `make` one, with versions if it can have them.

    A bucket that is there is taken as it is. Raises StorageUnavailable, or StorageError where the key may not look, or
    may not make one.
    """
    connections = pool(SECONDS)
    try:
        query = {"list-type": "2", "max-keys": "1"}
        # Not a HEAD, which has no body to say why in.
        Transport(endpoint, access, secret, connections).send("GET", "", "", query)
        return
    except StorageError as error:
        if error.code != "NoSuchBucket" or not make:
            raise
    client = Minio(
        endpoint.host, access, secret, secure=endpoint.secure, region=endpoint.region, http_client=connections
    )
    with translated(f"making the bucket {endpoint.bucket}"):
        client.make_bucket(endpoint.bucket, location=endpoint.region)
    try:
        with translated("versions"):
            client.set_bucket_versioning(endpoint.bucket, VersioningConfig(ENABLED))
    except StorageError:
        pass  # what comes of that is tried afterwards


def mark(endpoint: Endpoint, access: str, secret: str) -> str:
    """What is in the bucket's mark, empty where there is none. Raises StorageUnavailable or StorageError."""
    try:
        return Objects(endpoint, access, secret, SECONDS).get("", MARK).decode("ascii", "replace")
    except ObjectMissing:
        return ""


def set_mark(endpoint: Endpoint, access: str, secret: str, text: str) -> None:
    """Marks the bucket. Raises StorageUnavailable or StorageError."""
    Objects(endpoint, access, secret, SECONDS).put("", MARK, text.encode(), "text/plain")


def abilities(endpoint: Endpoint, access: str, secret: str) -> frozenset[Ability]:
    """What the endpoint's bucket can do. Raises Unfit, StorageUnavailable or StorageError."""
    probe = _Probe(replace(endpoint, abilities=frozenset()), access, secret)
    with probe.removed():
        probe.must()
        for ability, tried in probe.tries().items():
            if probe.does(tried):
                probe.add(ability)
    return probe.endpoint.abilities


class _Probe:
    def __init__(self, endpoint: Endpoint, access: str, secret: str) -> None:
        self.endpoint = endpoint
        self._key = access, secret
        self._prefix = f"{PROBES}{uuid4().hex}/"
        self._plain = pool(SECONDS)
        self._objects = Objects(endpoint, *self._key, SECONDS)

    def add(self, ability: Ability) -> None:
        self.endpoint = replace(self.endpoint, abilities=self.endpoint.abilities | {ability})
        self._objects = Objects(self.endpoint, *self._key, SECONDS)

    @contextmanager
    def removed(self) -> Iterator[None]:
        """Nothing of it is left afterwards, nor of one that was killed."""
        try:
            yield
        finally:
            self._objects.purge("", PROBES)

    def does(self, tried: Callable[[], bool]) -> bool:
        try:
            return tried()
        except StorageUnavailable:
            raise
        except StorageError:
            return False

    def tries(self) -> dict[Ability, Callable[[], bool]]:
        return {
            Ability.VERSIONS: self._versions,
            Ability.FORMS: self._forms,
            Ability.REDUCED: self._reduced,
            Ability.CHECKED: self._checked,
            Ability.ORDERED: self._ordered,
        }

    def must(self) -> None:
        key, data = f"{self._prefix}must", b"hello"
        self._objects.put("", key, data, "image/jpeg")
        stat = self._objects.head("", key)
        if stat is None or stat.size != len(data) or not stat.etag or self._objects.get("", key) != data:
            raise Unfit("what was stored there is not what comes back")
        if [found.key for found in self._objects.list("", self._prefix)] != [key]:
            raise Unfit("what was stored there is not listed")
        self._signed_alone(key, data)
        self._objects.delete_version("", key, "")
        if self._objects.head("", key) is not None:
            raise Unfit("what was deleted there is still there")

    def _signed_alone(self, key: str, data: bytes) -> None:
        """A link gives the object, and without a signature nobody gets or stores anything."""
        path = self.endpoint.path("", key)
        signer = Signer(*self._key, self.endpoint.region)
        signed = signer.presign("GET", self.endpoint.host, path, {}, datetime.now(UTC), 60)
        url = self.endpoint.url + path
        got = self._plain.request("GET", f"{url}?{signed}", redirect=False)
        if got.status != 200 or got.data != data:
            raise Unfit(f"a signed link is answered with {got.status}")
        if self._plain.request("GET", url, redirect=False).status < 300:
            raise Unfit("everybody can read this bucket, with no key at all")
        if self._plain.request("PUT", url, body=data, redirect=False).status < 300:
            raise Unfit("everybody can write into this bucket, with no key at all")

    def _versions(self) -> bool:
        key = f"{self._prefix}versions"
        first, second = (self._objects.put("", key, data, "image/jpeg").version_id for data in (b"one", b"two"))
        return bool(first and second) and first != second and self._objects.get("", key, first) == b"one"

    def _forms(self) -> bool:
        """One that is as it was signed is taken; one that is longer, for another key, or forged is not."""
        key = f"{self._prefix}form"
        form = UploadForms(*self._key, self.endpoint).form(key, _FIELD, 60, bucket="").params
        good = self._posted(form, b"x" * _FIELD) and self._objects.get("", key) == b"x" * _FIELD
        forged = form["x-amz-signature"][:-1] + ("0" if form["x-amz-signature"][-1] != "0" else "1")
        refused = [
            (form, b"y" * (_FIELD + 1)),
            (form | {"key": f"{key}2"}, b"y"),
            (form | {"x-amz-signature": forged}, b"y"),
        ]
        return good and not any(self._posted(*one) for one in refused)

    def _posted(self, fields: dict[str, str], data: bytes) -> bool:
        url = self.endpoint.url + self.endpoint.path("", "").rstrip("/")
        body, kind = encode_multipart_formdata([*fields.items(), ("file", ("file", data))])
        headers = {"Content-Type": kind}
        return self._plain.request("POST", url, body=body, headers=headers, retries=False).status in (200, 201, 204)

    def _reduced(self) -> bool:
        if self.endpoint.host.endswith(".amazonaws.com"):
            return False  # there it costs more than the usual one, and is kept less well
        objects = Objects(replace(self.endpoint, abilities=frozenset({Ability.REDUCED})), *self._key, SECONDS)
        objects.put("", f"{self._prefix}reduced", b"x", "image/jpeg", reduced=True)
        return True

    def _checked(self) -> bool:
        try:
            self._objects.put("", f"{self._prefix}checked", b"x", "image/jpeg", sha256="0" * 64)
        except StorageUnavailable:
            raise
        except StorageError:
            return True
        return False

    def _ordered(self) -> bool:
        names = [f"{self._prefix}order/{name}/1" for name in ("a", "a-b", "a.b", "a0")]
        for name in names:
            self._objects.put("", name, b"x", "image/jpeg")
        return all(self._listed(names, versions) for versions in {False, self.endpoint.keeps_versions})

    def _listed(self, names: list[str], versions: bool) -> bool:
        transport = Transport(self.endpoint, *self._key, self._plain)
        flat = answers(transport, "", f"{self._prefix}order/", versions)
        keys = [stat.key for answer in flat for stat in entries(answer, self.endpoint, "")]
        level = answers(transport, "", f"{self._prefix}order/", versions, "/")
        found = [folder for answer in level for folder in folders(answer, self.endpoint, "")]
        return keys == sorted(names) and found == sorted(name.removesuffix("1") for name in names)
