"""`./ops/folders check`: makes the folders that should be there and are not."""

import json

from ops.commands import options, serving

EPILOG = """\
A folder is a row and the beginning of keys; storage/layout.py declares which there are below each owner. Owners get
theirs when they are made; after a release that has a folder more, this gives it to those that there are. Done again it
makes nothing.

Exit codes: 0 all are there now; 1 the ledger could not be reached.
"""


def main() -> int:
    parser = options.parser("folders", "Makes the folders that should be there and are not.", EPILOG)
    parser.add_argument("action", choices=("check",), help="look which are missing, and make them")
    parser.add_argument("--json", action="store_true", help="the folders that were made, for a script")
    given = parser.parse_args()

    async def check() -> list[str]:
        from appliance.folders import service

        return await service.make_missing()

    made = serving.ask(options.folder(given), check)
    if given.json:
        print(json.dumps({"made": made}))
    else:
        print("\n".join([*(f"made {path}" for path in made), f"{len(made)} folders were missing"]))
    return 0


if __name__ == "__main__":
    options.run(main)
