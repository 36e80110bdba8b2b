"""`./ops/open`: prints the address of a page with a fresh one-time login."""

from ops.commands import options, serving


def main() -> int:
    parser = options.parser(
        "open", "Prints the address of the test page, with a login in it that works once, within 15 minutes."
    )
    parser.add_argument("--chat", action="store_true", help="the page of the chats, opened as --user")
    parser.add_argument("--user", metavar="ID", help="whom it lets in; the user is made if that one is new")
    given = parser.parse_args()
    if given.chat != (given.user is not None):
        parser.error("--chat and --user go together: people chat")
    folder = options.folder(given)

    async def code() -> str:
        from appliance.accounts import service

        return await service.create_login_code(given.user)

    page = "/chat" if given.chat else "/"
    print(f"{serving.default_url(folder)}{page}#login={serving.ask(folder, code)}", flush=True)
    return 0


if __name__ == "__main__":
    options.run(main)
