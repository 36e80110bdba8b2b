"""Brings the storage server's buckets, users, policies and notification rules to what is needed; idempotent."""

import os
import sys
from datetime import timedelta
from pathlib import Path

from appliance.config import LONGEST_FORM, current
from storage import nodes, setup
from storage.keys import Key


def main() -> None:
    root = _key("STORAGE_ROOT")
    url = os.environ["DARKROOM_STORAGE_URL"]
    keys = (_key("UPLOADER_KEY"), _key("READER_KEY"), _key("WORKER_KEY"))
    # The longest that a link or a form lives which was signed with a key that has been replaced since.
    config = current()
    overlap = timedelta(seconds=max(2 * config.link_seconds, LONGEST_FORM))
    replaced = os.environ.get("DARKROOM_REPLACED_KEYS", "").split()
    several = os.environ.get("DARKROOM_STORAGE_NODES", "").split()
    authority = Path(os.environ.get("DARKROOM_STORAGE_AUTHORITY", ""))
    late = nodes.wait_started(several, authority) if several else []
    if late:
        print(f"not there, and so told of no new key before they are: {' '.join(late)}", flush=True)
    setup.ensure(url, root.access, root.secret, *keys, replaced, overlap)
    if unknowing := nodes.wait_known([node for node in several if node not in late], authority, keys[-1]):
        sys.exit(f"{' '.join(unknowing)} did not take the keys: is its cable well?")


def _key(name: str) -> Key:
    access, _, secret = os.environ[f"DARKROOM_{name}"].partition(":")
    return Key(access, secret)


if __name__ == "__main__":
    main()
