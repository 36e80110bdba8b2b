"""Brings the storage server's buckets, users, policies and notification rules to what is needed; idempotent."""

import os

from storage import setup


def main() -> None:
    root = _key("STORAGE_ROOT")
    url = os.environ["DARKROOM_STORAGE_URL"]
    setup.ensure(url, root.access, root.secret, _key("UPLOADER_KEY"), _key("READER_KEY"), _key("WORKER_KEY"))


def _key(name: str) -> setup.Key:
    access, _, secret = os.environ[f"DARKROOM_{name}"].partition(":")
    return setup.Key(access, secret)


if __name__ == "__main__":
    main()
