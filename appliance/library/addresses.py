"""Where a bucket is, as it is written in workflows. Raises ValueError, which says what was expected."""

import re
from urllib.parse import urlsplit

from appliance.library.originals.places import HIDDEN

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def bucket_name(text: str) -> str:
    """By the rules of Amazon S3."""
    if not _BUCKET.fullmatch(text):
        raise ValueError("expected the name of a bucket: 3 to 63 small letters, digits, hyphens and dots")
    return text


def prefix(text: str) -> str:
    """What keys begin with: a folder, so that what lies beside it is none of it; empty for all of the bucket."""
    if (text and not text.endswith("/")) or text.startswith("/") or "\0" in text:
        raise ValueError("expected what keys begin with, as old/; empty for all")
    if text.startswith(f"{HIDDEN}/"):
        raise ValueError("originals that were replaced lie there")
    return text


def beside(text: str) -> str:
    """A file in the folder of the workflow."""
    if not _FILE.fullmatch(text) or text.endswith(".json"):
        raise ValueError("expected the name of a file beside the workflow, as films.key")
    return text


def is_origin(text: str) -> bool:
    """Whether it is the address of a server: nothing behind the port, and no password in front."""
    parts = urlsplit(text)
    odd = parts.path not in ("", "/") or parts.query or parts.fragment or parts.username or parts.password
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not odd
