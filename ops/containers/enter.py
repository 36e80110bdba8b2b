"""Starts a part in its container as systemd would: `python -m ops.containers.enter FILE COMMAND…`.

FILE holds its variables, as EnvironmentFile= of its unit does, so that no secret is in the description of a container.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ops.clusters import units


def main(arguments: Sequence[str]) -> NoReturn:
    file, *command = arguments
    environment = units.variables(Path(file).read_text())
    # As UMask= of the units has it.
    os.umask(0o077)
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    main(sys.argv[1:])
