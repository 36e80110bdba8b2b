"""`./ops/token --project ID`: a short-lived token for one project, for trying things out."""

from ops.commands import options, serving


def main() -> int:
    parser = options.parser("token", "Prints a token for one project; the project is made if it is new.")
    parser.add_argument("--project", required=True, metavar="ID")
    parser.add_argument(
        "--ttl", type=int, default=3600, metavar="SECONDS", help="how long it is good for (default: 3600)"
    )
    given = parser.parse_args()

    async def token() -> str:
        from appliance.accounts import service

        return await service.project_token(given.project, given.ttl)

    print(serving.ask(options.folder(given), token))
    return 0


if __name__ == "__main__":
    options.run(main)
