"""`./ops/apikey create NAME`: makes a key for a server of yours."""

import sys

from ops.commands import options, serving


def main() -> int:
    parser = options.parser(
        "apikey", "Makes a key with which a server of yours may call the API. It is printed this once."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="create")
    create = actions.add_parser("create", help="make a key and print it on standard output", allow_abbrev=False)
    create.add_argument("name", metavar="NAME", help="what it is for, to recognise it by")
    create.add_argument("--admin", action="store_true", help="it may also read /metrics and other people's projects")
    create.add_argument("--data", metavar="DIR", default=None, help="the data folder")
    given = parser.parse_args()

    async def key() -> str:
        from appliance.accounts import service

        return await service.create_api_key(given.name, given.admin)

    print(serving.ask(options.folder(given), key))
    return 0


if __name__ == "__main__":
    sys.exit(main())
