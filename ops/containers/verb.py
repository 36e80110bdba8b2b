"""A verb, where there is no checkout: `python -m ops.containers.verb VERB [ARG…]` is `./ops/VERB [ARG…]`.

In the container of the host of ledger and queue, whose data folder knows the inventory and every secret.
"""

import os
import runpy
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from ops.clusters import places


def main(arguments: Sequence[str]) -> None:
    name, *rest = arguments or [""]
    if not name.isidentifier() or find_spec(f"ops.commands.{name}") is None:
        sys.exit(f"{name!r} is no verb: name it as in ./ops, for example status, apikey, verify")
    os.umask(0o077)
    sys.argv = [name, *rest, "--data", str(places.DATA)]
    runpy.run_module(f"ops.commands.{name}", run_name="__main__", alter_sys=False)


if __name__ == "__main__":
    main(sys.argv[1:])
