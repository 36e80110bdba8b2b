"""What stands in an export of a chat: the names of its files, its lines, and a page to read it by."""

import re
from collections.abc import Container
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

import msgspec

from storage.disposition import seen

FOLDER = "files"
MOST_NAME = 150
"""Bytes of a name that are kept; file systems take 255."""

# What no name may have where it is unpacked: https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(r'[<>:"/\\|?*]')

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 45em; margin: 2em auto; padding: 0 1em; }}
article {{ border-top: 1px solid #ccc; padding: .5em 0; }}
article p {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .25em 0; }}
time {{ color: #666; font-size: .85em; }}
</style>
</head>
<body>
<h1><bdi>{title}</bdi></h1>
<p>As it was on {at}</p>
"""
FOOT = "</body>\n</html>\n"


class Attachment(msgspec.Struct, frozen=True):
    """A file of a message. `path`: where it is in the zip; None: it could not be read, or it is deleted. `sha256`: None
    before it was first read.
    """

    file_id: str
    filename: str | None
    state: str | None
    error: str | None
    bytes: int | None
    sha256: str | None
    path: str | None


class Line(msgspec.Struct, frozen=True):
    """A message. `author`: None for the server itself."""

    message_id: str
    author: str | None
    created_at: datetime
    text: str
    attachments: list[Attachment]


def path(place: int, filename: str) -> str:
    """Where the `place`th file is in the zip: under its name, as far as every system takes that."""
    name = _RESERVED.sub("_", seen(filename)).strip(" .")
    stem, dot, extension = name.rpartition(".")
    kept = dot + extension if stem and len(extension.encode()) <= 16 else ""
    short = (stem if kept else name).encode()[: MOST_NAME - len(kept.encode())].decode(errors="ignore")
    return f"{FOLDER}/{place:04}-{short + kept or 'file'}"


def head(title: str, at: datetime) -> str:
    """The beginning of the page."""
    return _HEAD.format(title=escape(seen(title)), at=_time(at))


def article(line: Line, lost: Container[str]) -> str:
    """One message of the page. lost: paths of what is not in the zip after all."""
    files = "".join(f"<li>{_file(one, lost)}</li>" for one in line.attachments)
    return (
        f'<article id="{line.message_id}"><b><bdi>{escape(line.author or "the server")}</bdi></b> '
        + _time(line.created_at)
        + (f'<p dir="auto">{escape(line.text)}</p>' if line.text else "")
        + (f"<ul>{files}</ul>" if files else "")
        + "</article>\n"
    )


def _file(one: Attachment, lost: Container[str]) -> str:
    name = f"<bdi>{escape(seen(one.filename or 'a file'))}</bdi>"
    if one.path is None:
        why = one.error or (one.state if one.state == "deleted" else "uploading")
        return f"{name} (not here: {escape(why)})"
    if one.path in lost:
        return f"{name} (not here: it could not be read)"
    return f'<a href="{escape(quote(one.path))}">{name}</a> ({one.bytes:,} bytes)'


def _time(at: datetime) -> str:
    return f'<time datetime="{at.isoformat()}">{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC</time>'


def encoded(value: Any) -> bytes:
    """A line of JSON."""
    return msgspec.json.encode(value) + b"\n"
