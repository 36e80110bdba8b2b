"""What can't be asked for with buckets and keys of others, whoever asks."""

import pytest

from storage.tenants import Tenants, Unfit
from tests.others.conftest import Guest

NAMES = ["originals", "versions", "minio", "metrics", "Films", "ab", "a.b", "../x", "-ab", "ab-", "a*b", "a" * 64, ""]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_none_or_ours(tenants: Tenants, name: str) -> None:
    for asked in (
        lambda: tenants.create(name, 10**6),
        lambda: tenants.limit(name, 10**6),
        lambda: tenants.issue(name, read_only=True),
        lambda: tenants.delete(name),
    ):
        with pytest.raises(Unfit):
            asked()
    assert name not in [bucket.name for bucket in tenants.buckets()]


def test_what_is_there_already_or_is_not(tenants: Tenants, guest: Guest) -> None:
    with pytest.raises(Unfit, match="already"):
        tenants.create(guest.bucket, 10**6)
    with pytest.raises(Unfit, match="no bucket"):
        tenants.issue("nowhere", read_only=False)
    for access in ("rootofstorage", "uploaderkey", "DK" + "A" * 18):
        with pytest.raises(Unfit, match="no key"):
            tenants.revoke(access)
    assert {key.access for key in tenants.issued(guest.bucket)} == {guest.key.access, guest.reader.access}
