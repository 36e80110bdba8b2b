"""Brings the storage server's buckets, users, policies and notification rules to what is needed; idempotent."""

import os
from datetime import timedelta

from appliance.config import current
from storage import setup
from storage.keys import Key


def main() -> None:
    root = _key("STORAGE_ROOT")
    url = os.environ["DARKROOM_STORAGE_URL"]
    keys = (_key("UPLOADER_KEY"), _key("READER_KEY"), _key("WORKER_KEY"))
    # The longest that a link or a form lives which was signed with a key that has been replaced since.
    config = current()
    overlap = timedelta(seconds=max(2 * config.link_seconds, config.form_seconds))
    replaced = os.environ.get("DARKROOM_REPLACED_KEYS", "").split()
    setup.ensure(url, root.access, root.secret, *keys, replaced, overlap)


def _key(name: str) -> Key:
    access, _, secret = os.environ[f"DARKROOM_{name}"].partition(":")
    return Key(access, secret)


if __name__ == "__main__":
    main()
