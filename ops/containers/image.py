"""The image's code, dependencies, account and folders: `python3 -m ops.containers.image CHECKOUT`, as root in it.

Only the standard library: what else there will be is installed by this.
"""

import os
import subprocess
import sys
from pathlib import Path

from ops.clusters import places
from ops.setup import account, environment, place

UID = 10077
"""Of the account in the image, and the owner of the files it is given: its name would be another number outside."""
DRIVES = 16
BELOW = ("logs", "storage", "engines", "valkey", "edge", "edge/s3", "gateway", "wires", "scratch", "urgent")


def main() -> None:
    checkout = Path(sys.argv[1])
    subprocess.run(["useradd", "--uid", str(UID), *account.OPTIONS], check=True)
    place.refresh_copy(checkout, places.CODE)
    environment.ensure(places.CODE, places.VENV, place.ROOT_CACHE, dev=False)
    drives = [places.drive(number) for number in range(1, DRIVES + 1)]
    # A new volume takes owner and mode of the folder that it is mounted on.
    for folder in (places.DATA, *(places.DATA / name for name in BELOW), *drives):
        folder.mkdir(mode=0o700, parents=True)
        os.chown(folder, UID, UID)


if __name__ == "__main__":
    main()
