"""What each storage key may do: what its processes need and nothing else."""

from datetime import datetime
from typing import Any

from storage.layout import ORIGINALS, VERSIONS

READ = ["s3:GetObject", "s3:GetObjectVersion"]
DELETE = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
LIST = ["s3:ListBucket", "s3:ListBucketVersions"]
PARTS = ["s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload"]
ABOUT = ["s3:GetBucketLocation", "s3:GetBucketVersioning"]
TAGS = ["s3:PutObjectTagging", "s3:DeleteObjectTagging"]


def _document(*statements: tuple[list[str], list[str]]) -> dict[str, Any]:
    allowed = [
        {"Effect": "Allow", "Action": actions, "Resource": [f"arn:aws:s3:::{name}" for name in resources]}
        for actions, resources in statements
    ]
    return {"Version": "2012-10-17", "Statement": allowed}


# Its signature is in every upload form and link of a part, so its name is public. The API asks with it which parts are
# there, and removes those that it has put there itself.
UPLOADER = _document(
    (["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"], [f"{ORIGINALS}/*"]),
)

# Its signature is in every link, and the API looks with it whether an upload is there.
READER = _document((READ, [f"{ORIGINALS}/*", f"{VERSIONS}/*"]))

# Intake and workers, which never leave the host. It can't write an original: only clients do.
WORKER = _document(
    ([*READ, *DELETE], [f"{ORIGINALS}/*", f"{VERSIONS}/*"]),
    (["s3:PutObject"], [f"{VERSIONS}/*"]),
    (LIST, [ORIGINALS, VERSIONS]),
    (PARTS, [ORIGINALS, f"{ORIGINALS}/*"]),
    (["admin:StorageInfo"], ["*"]),  # which drives are away or being healed; it changes nothing
)


def of_bucket(bucket: str, read_only: bool) -> dict[str, Any]:
    """What a key of another program may: all of one bucket's objects, and nothing of how the bucket is kept.

    So it can't let strangers in (a bucket's policy), nor have versions kept, of which the server takes three at most.
    """
    files = f"{bucket}/*"
    reading = [(ABOUT + LIST, [bucket]), ([*READ, "s3:GetObjectTagging"], [files])]
    # Some clients make the bucket before they write, and are content to hear that it is theirs already.
    writing = [
        (["s3:CreateBucket"], [bucket]),
        (["s3:PutObject", *DELETE, *TAGS], [files]),
        ([*PARTS, "s3:ListMultipartUploadParts"], [bucket, files]),
    ]
    return _document(*reading) if read_only else _document(*reading, *writing)


def until(document: dict[str, Any], end: datetime) -> dict[str, Any]:
    """The same as `document`, up to the moment `end` (aware) by the server's own clock."""
    condition = {"DateLessThan": {"aws:CurrentTime": end.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    return document | {"Statement": [statement | {"Condition": condition} for statement in document["Statement"]]}
