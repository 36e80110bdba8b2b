"""`./ops/open`: prints the address of the test page with a fresh one-time login."""

from ops.commands import options, serving


def main() -> int:
    parser = options.parser(
        "open", "Prints the address of the test page, with a login in it that works once, within 15 minutes."
    )
    folder = options.folder(parser.parse_args())

    async def code() -> str:
        from appliance.accounts import service

        return await service.create_login_code()

    print(f"{serving.default_url(folder)}/#login={serving.ask(folder, code)}", flush=True)
    return 0


if __name__ == "__main__":
    options.run(main)
