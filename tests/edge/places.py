"""Keys and uploads for these tests."""

import time
from uuid import UUID, uuid4

import httpx

from storage.layout import original_key, version_key
from storage.links import UploadForm, UploadForms

ONE_KB = b"x" * 1000


def asset_id() -> UUID:
    """A new UUID of version 7."""
    return UUID(int=int(time.time() * 1000) << 80 | 7 << 76 | uuid4().int & 0xFFF << 64 | 2 << 62 | uuid4().int >> 66)


def new_original() -> str:
    return original_key("projects", "111", "images", asset_id())


def new_version(extension: str = "jpg") -> str:
    return version_key("projects", "111", "images", asset_id(), "thumb", "ab" * 32, extension)


def send(
    client: httpx.Client, form: UploadForm, data: bytes = ONE_KB, changed: dict[str, str] | None = None
) -> httpx.Response:
    """Sends an upload form as a client would, with some of its fields changed."""
    return client.post(
        form.path, data={**form.params, **(changed or {})}, files={"file": ("a.jpg", data, "image/jpeg")}
    )


def upload(client: httpx.Client, forms: UploadForms, data: bytes = ONE_KB) -> tuple[str, str]:
    """Uploads `data`; returns its key and version."""
    key = new_original()
    answer = send(client, forms.form(key, 300_000, 900), data)
    assert answer.status_code == 201, answer.text
    return key, answer.headers["x-amz-version-id"]
