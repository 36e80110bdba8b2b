"""What clients rely on beside the plain way: names, ranges, ETags, pages, copies, parts and links of every kind."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.others.clients import PART, Boto3
from tests.others.conftest import Guest, House

NAMES = ["a b/c+d.txt", "ümlaut/日本/😀", "per%20cent/%2F", "q?x=1&y=#z", "(a)'!*~_-.", "a" * 200 + "/" + "b" * 200]


@pytest.fixture(scope="module")
def s3(secure: House, guest: Guest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """boto3 with the guest's key; its bucket is empty before and after."""
    client = Boto3(secure, guest.bucket, guest.key, tmp_path_factory.mktemp("s3"))
    yield client.s3
    for name in client.names(""):
        client.delete(name)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_kinds(s3: Any, secure: House, guest: Guest, name: str) -> None:
    s3.put_object(Bucket=guest.bucket, Key=name, Body=name.encode(), Metadata={"mine": "yes"})
    got = s3.get_object(Bucket=guest.bucket, Key=name)
    # The server writes names of metadata as it writes those of all headers.
    assert (got["Body"].read(), got["Metadata"]) == (name.encode(), {"Mine": "yes"})
    link = s3.generate_presigned_url("get_object", {"Bucket": guest.bucket, "Key": name})
    assert httpx.get(link, verify=secure.trust or True).content == name.encode()
    listed = s3.list_objects_v2(Bucket=guest.bucket, Prefix=name)["Contents"]
    assert [found["Key"] for found in listed] == [name]
    s3.copy_object(Bucket=guest.bucket, Key=f"copy of {name}", CopySource={"Bucket": guest.bucket, "Key": name})
    many = {"Objects": [{"Key": name}, {"Key": f"copy of {name}"}]}
    assert len(s3.delete_objects(Bucket=guest.bucket, Delete=many)["Deleted"]) == 2


def test_etags_ranges_and_conditions(s3: Any, guest: Guest) -> None:
    body = os.urandom(100_000)
    etag = s3.put_object(Bucket=guest.bucket, Key="ranged", Body=body)["ETag"]
    assert etag == f'"{hashlib.md5(body).hexdigest()}"'
    part = s3.get_object(Bucket=guest.bucket, Key="ranged", Range="bytes=10-19")
    assert (part["Body"].read(), part["ContentRange"]) == (body[10:20], "bytes 10-19/100000")
    assert s3.get_object(Bucket=guest.bucket, Key="ranged", Range="bytes=-5")["Body"].read() == body[-5:]
    for arguments, status in (
        ({"IfNoneMatch": etag}, 304),
        ({"IfMatch": '"x"'}, 412),
        ({"Range": "bytes=100000-"}, 416),
    ):
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket=guest.bucket, Key="ranged", **arguments)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=guest.bucket, Key="none")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=guest.bucket, Key="ranged", Body=b"", IfNoneMatch="*")
    assert "Status" not in s3.get_bucket_versioning(Bucket=guest.bucket)
    assert s3.get_bucket_location(Bucket=guest.bucket)["LocationConstraint"] in (None, "", "us-east-1")


def test_uploads_in_parts_by_hand_and_by_link(s3: Any, secure: House, guest: Guest) -> None:
    where = {"Bucket": guest.bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    body = os.urandom(PART)
    first = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=body)["ETag"]
    link = s3.generate_presigned_url("upload_part", {**where, "UploadId": upload, "PartNumber": 2})
    second = httpx.put(link, content=b"last", verify=secure.trust or True)
    assert second.status_code == 200, second.text
    assert [part["Size"] for part in s3.list_parts(**where, UploadId=upload)["Parts"]] == [PART, 4]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second.headers["etag"]}]
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**where)["Body"].read() == body + b"last"
    left = s3.create_multipart_upload(**where)["UploadId"]
    assert [one["UploadId"] for one in s3.list_multipart_uploads(Bucket=guest.bucket, Prefix="parts")["Uploads"]] == [
        left
    ]
    s3.abort_multipart_upload(**where, UploadId=left)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=guest.bucket, Prefix="parts")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_links_to_write_and_delete(secure: House, guest: Guest, tmp_path: Path, version: str) -> None:
    signer = Boto3(secure, guest.bucket, guest.key, tmp_path, Config(signature_version=version)).s3
    where = {"Bucket": guest.bucket, "Key": "linked"}
    with httpx.Client(verify=secure.trust or True) as plain:
        assert plain.put(signer.generate_presigned_url("put_object", where), content=b"by link").status_code == 200
        named = {**where, "ResponseContentDisposition": 'attachment; filename="a b.txt"'}
        got = plain.get(signer.generate_presigned_url("get_object", named))
        assert (got.content, got.headers["content-disposition"]) == (b"by link", 'attachment; filename="a b.txt"')
        link = signer.generate_presigned_url("get_object", where)
        assert plain.get(link.replace("linked", "ranged")).status_code in (403, 404)
        assert plain.put(link, content=b"other").status_code == 403
        assert plain.get(signer.generate_presigned_url("get_object", where, ExpiresIn=-10)).status_code in (400, 403)
        if version == "s3v4":
            assert plain.get(link, headers={"Host": "another.lan"}).status_code in (403, 421)
        assert plain.delete(signer.generate_presigned_url("delete_object", where)).status_code == 204


@pytest.mark.long
def test_lists_of_many_pages(s3: Any, guest: Guest) -> None:
    names = [f"many/{number:04}" for number in range(1050)]
    for name in names:
        s3.put_object(Bucket=guest.bucket, Key=name, Body=b"")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=guest.bucket, Prefix="many/"))
    assert [len(page["Contents"]) for page in pages] == [1000, 50]
    assert [found["Key"] for page in pages for found in page["Contents"]] == names
    folders = s3.list_objects_v2(Bucket=guest.bucket, Delimiter="/")["CommonPrefixes"]
    assert {"Prefix": "many/"} in folders
    for start in (0, 1000):
        many = {"Objects": [{"Key": name} for name in names[start : start + 1000]]}
        s3.delete_objects(Bucket=guest.bucket, Delete=many)


@pytest.mark.long
def test_large_bodies(either: House, guest: Guest, tmp_path: Path) -> None:
    """In one piece, as a stream with a trailer over TLS and signed without, after a question whether to send it."""
    client = Boto3(either, guest.bucket, guest.key, tmp_path)
    body = os.urandom(150_000_000)
    client.s3.put_object(Bucket=guest.bucket, Key="large", Body=body)
    assert client.get("large") == body
    client.delete("large")
